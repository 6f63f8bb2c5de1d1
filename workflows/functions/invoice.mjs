// A function step's module: plain JavaScript that the worker loads from the folder that SWITCHYARD_FUNCTIONS names.

/**
 * Adds an invoice's lines up and compares them with what it says. Money is counted in cents.
 * @param invoice { number, currency, lines: [{ text, quantity, cents }], total_cents }
 * @returns { sum_cents, difference_cents, is_right }
 */
export function check(invoice) {
  if (invoice.lines.some(({ cents }) => !Number.isInteger(cents))) {
    // The same invoice will not be better next time: no further attempt.
    throw Object.assign(new Error(`Invoice ${invoice.number} has an amount that is no whole number of cents.`), {
      retryable: false,
    });
  }
  const sum = invoice.lines.reduce((total, { quantity, cents }) => total + quantity * cents, 0);
  return { sum_cents: sum, difference_cents: invoice.total_cents - sum, is_right: sum === invoice.total_cents };
}
