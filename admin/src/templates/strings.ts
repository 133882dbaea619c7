export const line = (line: number) => `line ${line}`;
export const title = "Templates";
export const layout = "Wraps all emails: header, card and footer.";
export const partial = (name: string) => `Insert it with {% render "${name}" %}.`;
export const fields = {
  subject: "Subject",
  preheader: "Preheader",
  mjml: "HTML (MJML)",
  text: "Plain text",
  example: "Sample data",
  schema: "Data schema",
  description: "Description",
  sensitive: "Sensitive",
  expiresAfter: "Expires after",
};
