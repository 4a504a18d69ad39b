/** What one small request is answered. */
export const ITEM = {
  id: 7,
  name: "Umbrella",
  colour: "green",
  price: 19.99,
  stock: 12,
  tags: ["rain", "new"],
};

/** A list of so many bytes at least, as an API answers it: 5 MB in 20,000 objects, each with an e-mail address. */
export function customers(bytes = 5_000_000): string {
  const items: string[] = [];
  for (let id = 1, size = 0; size < bytes; id++) {
    const item = JSON.stringify({
      id,
      name: `Customer ${id}`,
      email: `c${id}@example.com`,
      address: { street: `Ring ${id % 97}`, city: "Vienna", country: "AT" },
      orders: [id * 3, id * 3 + 1],
      balance: ((id * 31) % 90_000) / 100,
      created: "2026-01-07T12:34:56Z",
      note: "Leave the parcel with the neighbours.",
    });
    items.push(item);
    size += item.length + 1;
  }
  return `{"items":[${items.join(",")}]}`;
}
