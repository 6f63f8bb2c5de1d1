/** Path of a Chromium or Chrome that can be started; CHROME_PATH wins. Undefined: there is none. */
export function browserPath(): string | undefined;
