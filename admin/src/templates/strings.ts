export const line = (line: number) => `line ${line}`;
export const title = "Templates";
export const layout = "What all emails have around them: header, card and footer.";
export const partial = (name: string) => `Put in place by {% render "${name}" %}.`;
export const fields = {
  subject: "Subject",
  preheader: "Preheader",
  mjml: "HTML (MJML)",
  text: "Plain text",
  example: "Sample data",
  schema: "Data schema",
  description: "What it is for",
  sensitive: "Sensitive",
  expiresAfter: "Worth sending for",
};
