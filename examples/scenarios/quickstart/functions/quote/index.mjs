// Quotes a price. The caller waits for the answer.
import { priceOf } from "./prices.mjs";

export const handler = async ({ item, quantity = 1 }) => {
  const cents = priceOf(item) * quantity;
  console.log(`quoted ${quantity} × ${item}: ${cents} cents`);
  return { item, quantity, cents };
};
