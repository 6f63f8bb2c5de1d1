// Makes sure that Chromium (or Chrome) can be started: a test runs the client in it. CHROME_PATH names one elsewhere. The program itself needs none.
import { browserPath } from "./browser-path.mjs";
import { ensure } from "./ensure-program.mjs";

ensure({
  isHere: () => browserPath() !== undefined,
  debian: "chromium",
  brew: ["--cask", "chromium"],
  otherwise: "chromium",
  missing: "No Chromium or Chrome on PATH.",
  need: "A test runs the client in Chromium or Chrome, and there is none on PATH.",
  instead: "Or point CHROME_PATH at one that is installed elsewhere.",
});
