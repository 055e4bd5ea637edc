const cents = { tea: 390, coffee: 450, cake: 520 };

export const priceOf = (item) => {
  if (!(item in cents)) {
    throw new RangeError(`no price for ${JSON.stringify(item)}; there are prices for ${Object.keys(cents).join(", ")}`);
  }
  return cents[item];
};
