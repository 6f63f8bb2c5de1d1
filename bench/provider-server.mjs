// The vendors on one port: every call is answered at once with the same bytes. Started by providers.bench.mjs, in a process of its own.
import { createServer } from "node:http";
import { wireOf } from "./provider-wires.mjs";

const wholes = new Map();

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (data) => {
    body += data;
  });
  request.on("end", () => {
    const wire = wireOf(request.url);
    if (!/"stream":true|:stream|converse-stream/.test(request.url + body)) {
      if (!wholes.has(wire)) wholes.set(wire, Buffer.from(JSON.stringify(wire.whole)));
      const whole = wholes.get(wire);
      response.writeHead(200, { "content-type": "application/json", "content-length": whole.length });
      response.end(whole);
      return;
    }
    response.writeHead(200, { "content-type": wire.type });
    for (const chunk of wire.stream) response.write(chunk);
    response.end();
  });
});
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
process.once("disconnect", () => process.exit(0));
