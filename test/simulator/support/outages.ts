/** An expired certificate, as syslog writes it. */
export const certificateLog = `May  4 00:00:00 edge-2 cron[991]: nightly housekeeping started
May  4 00:00:31 edge-2 payments-proxy[2210]: TLS handshake with api.bank.example failed: certificate has expired (notAfter=May 4 00:00:00)
May  4 00:00:32 edge-2 payments-proxy[2210]: error: 61 of 61 card payments rejected in the last minute
May  4 00:12:40 edge-1 alertd[77]: page sent to payments-team: card payments at 0%
May  4 00:31:02 edge-1 ops[12]: d.lind: "the client certificate for the bank was never added to the renewal job"
May  4 00:44:10 edge-2 payments-proxy[2210]: reloaded with new certificate serial=88:1f, valid for 90 days
May  4 00:50:00 edge-1 alertd[77]: card payments recovered to 99.8%
May  4 08:30:00 edge-1 reports[3]: 1,904 payments rejected overnight, 1,322 customers asked to try again`;

/** A database failover, as JSON lines. */
export const failoverLog = `{"ts":"2026-06-02T03:58:00Z","level":"info","service":"backup","msg":"nightly backup of orders-db started"}
{"ts":"2026-06-02T04:01:12Z","level":"warn","service":"orders-db-1","msg":"disk write latency p99=840ms (normal 12ms)"}
{"ts":"2026-06-02T04:02:30Z","level":"error","service":"orders-db-1","msg":"I/O error on /dev/nvme1n1, filesystem remounted read-only"}
{"ts":"2026-06-02T04:02:31Z","level":"error","service":"order-service","msg":"cannot execute INSERT in a read-only transaction"}
{"ts":"2026-06-02T04:03:15Z","level":"info","service":"patroni","msg":"orders-db-2 promoted to leader, timeline 14"}
{"ts":"2026-06-02T04:05:00Z","level":"error","service":"gateway","msg":"POST /orders 503 for 97.1% of 804 requests in 1m"}
{"ts":"2026-06-02T04:10:22Z","level":"info","service":"order-service","msg":"12/12 instances restarted, writing to orders-db-2"}
{"ts":"2026-06-02T04:12:00Z","level":"info","service":"gateway","msg":"POST /orders 503 for 0.0% of 655 requests in 1m"}
{"ts":"2026-06-02T04:40:00Z","level":"info","service":"metrics","msg":"failed orders=5,213 affected stores=318"}`;

/** A bad release that was rolled back, with a chat beside it. */
export const releaseLog = `10:00:12 [ci] build 8812 of web-frontend passed
10:02:40 [ci] deploying web-frontend 2026.7.1 (feature flag new-cart enabled for 100%)
10:04:11 [web-frontend] TypeError: Cannot read properties of undefined (reading 'currency')
10:04:50 [monitor] cart page: 38% of page views end in an error
10:09:00 [chat] lee: "users without a saved address have no currency, the new cart forgot that case"
10:09:40 [ci] rollback of web-frontend to 2026.6.9 started
10:11:02 [ci] rollback of web-frontend to 2026.6.9 finished
10:15:00 [monitor] incident closed, about 2,700 visitors affected`;

/** An e-mail that tells of an outage, in broken lines. */
export const outageMail = `From: Priya Nair <priya.nair@example.com>
Subject: Booking site down yesterday afternoon

Hi all,

At 14:05 the data team started an import of
the summer catalogue into the search cluster. Around 14:20
customers began to complain that the booking page stayed empty, and by 14:30 the page
failed for about 60% of visitors.

It turned out that the import filled the disks of two of the three search nodes, because
the index is written twice during an import. At 15:10 Marco stopped the import and
deleted the half-written index. The site was back to normal at 15:25. We lost about 430
bookings, roughly 38,000 euros.

We should run imports at night only. The platform team should add a disk alert at 80%.

Thanks,
Priya`;
