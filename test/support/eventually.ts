/** Waits until `probe` returns without throwing, asking again every 20 ms. Fails with the last error after `withinMs`. */
export async function eventually<T>(probe: () => Promise<T> | T, withinMs = 45_000): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((next) => setTimeout(next, 20));
    }
  }
}
