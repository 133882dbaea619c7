/** `npm run test:faults` runs the long form: the same tests, with larger numbers. */
export const long = process.env.SENDWRIGHT_TEST_FAULTS === "long";

/** Of all that is left to chance. Another one each time; this variable gives that of an earlier run. */
export const seed = Number(process.env.SENDWRIGHT_TEST_SEED ?? Math.floor(Math.random() * 1e9));
