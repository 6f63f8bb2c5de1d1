export { json, type WireRequest, type WireServer, wireServer } from "../../src/testing/wire-server.ts";
