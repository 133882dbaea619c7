/**
 * Remembers what `make` made of the last `limit` keys used, so that callers who bring ever new keys
 * (locales, currencies, templates) cannot fill the memory.
 */
export function boundedCache<Key, Value>(limit: number, make: (key: Key) => Value): (key: Key) => Value {
  const entries = new Map<Key, { readonly value: Value }>();
  return (key) => {
    const found = entries.get(key);
    const entry = found ?? { value: make(key) };
    // A Map keeps the order of insertion: the first key is the one unused for longest.
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size > limit) {
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    }
    return entry.value;
  };
}
