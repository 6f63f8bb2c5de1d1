// Makes sure that openssl is on PATH: the tests make certificates of their own with it. The program itself needs none.
import { ensure, runs } from "./ensure-program.mjs";

ensure({
  isHere: () => runs("openssl", ["version"]),
  debian: "openssl",
  brew: ["openssl"],
  otherwise: "openssl",
  missing: "No openssl on PATH.",
  need: "The tests make certificates with openssl, and it is not on PATH.",
});
