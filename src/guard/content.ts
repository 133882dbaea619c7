import type { DeferredContent, Message } from "../smtp/connection.ts";

/** A content with fields before it; one that is deferred stays so. @param headers whole lines */
export function prepended(headers: Uint8Array, content: Message["content"]): Message["content"] {
  if (headers.length === 0) return content;
  if (content instanceof Uint8Array) return Buffer.concat([headers, content]);
  const deferred: DeferredContent = {
    maxSize: headers.length + content.maxSize,
    read: async () => [headers, ...(await content.read())],
  };
  return deferred;
}
