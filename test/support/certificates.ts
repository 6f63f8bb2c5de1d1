import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A private authority and a server's certificate by it. */
export interface TestCertificates {
  /** File of the authority's certificate. */
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
  remove(): void;
}

/** Makes them with openssl. @param names host names and addresses of the server: `DNS:vendor.example`, `IP:127.0.0.1` */
export function testCertificates(...names: readonly string[]): TestCertificates {
  const folder = mkdtempSync(join(tmpdir(), "switchyard-certificates-"));
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...newKey, "-subj", "/CN=test authority", "-keyout", file("ca.key"), "-out", file("ca.pem"));
  openssl("req", ...newKey, "-subj", "/CN=test server", "-keyout", file("server.key"), "-out", file("server.csr"));
  writeFileSync(file("names"), `subjectAltName=${names.join(",")}\n`);
  const authority = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial"];
  openssl(
    "x509",
    "-req",
    "-in",
    file("server.csr"),
    ...authority,
    "-extfile",
    file("names"),
    "-out",
    file("server.pem"),
  );
  return {
    ca: file("ca.pem"),
    key: readFileSync(file("server.key"), "utf8"),
    cert: readFileSync(file("server.pem"), "utf8"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
