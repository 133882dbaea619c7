/** The words of the server's own model: what the pages take from it comes through here. */
export type {
  AuthMethod,
  EmailState,
  RecipientState,
  RetryableState,
  Stage,
  TlsMode,
} from "../../../src/core/model.ts";
