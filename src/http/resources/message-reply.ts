import { z } from "zod";

/** The bytes of a message (RFC 5322), as a reply in the document. */
export const messageReply = {
  description: "Message, byte for byte",
  content: { "message/rfc822": { schema: z.string() } },
};

/** To be saved, never to be shown: a browser must not take a stranger's bytes for a page. */
export function messageResponse(source: Uint8Array, id: string): Response {
  return new Response(Buffer.from(source), {
    headers: {
      "content-type": "message/rfc822",
      "content-disposition": `attachment; filename="${id.replace(/[^\w-]/g, "")}.eml"`,
    },
  });
}
