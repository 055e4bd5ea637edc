import { readFileSync } from 'node:fs';

await Promise.resolve();
export const handler = async () => `esm ${typeof readFileSync}`;
