export const lead = "Your application sends these emails by template name and supplies only the data.";
export const sensitive = "Sensitive";
export const edited = "Edited";
export const own = "Custom";
export const partsTitle = "Shared parts";
export const partUsedBy = (count: number) =>
  count === 0
    ? "not used by any template"
    : count === 1
      ? "used by 1 template"
      : `used by ${count} templates`;
export const partCreate = "Create partial";
export const partCreateTitle = "Create a partial";
export const partCreateHint =
  "A part that templates share, for example signature. Templates insert it by this name.";
export const partStart = "<mj-text>Questions? Write to help@example.com.</mj-text>";
export const createOpen = "Create template";
export const createTitle = "Create a template";
export const createName = "Name";
export const createNameHint =
  "Lower case with hyphens, for example order-shipped. Your application sends it by this name.";
export const createDescription = "Description";
export const createFrom = "Start with";
export const createBlank = "A short sample";
export const createCopyOf = (name: string) => `A copy of ${name}`;
export const createSubmit = "Create template";
export const createStart = {
  subject: "Welcome, {{ name }}",
  preheader: "Good to have you here.",
  mjml: '<mj-text><h1>Welcome, {{ name }}</h1></mj-text>\n<mj-text>Good to have you here.</mj-text>\n<mj-button href="{{ url }}">Get started</mj-button>\n',
  schema: {
    type: "object",
    properties: {
      name: { type: "string", maxLength: 100, description: "Name of the recipient" },
      url: { type: "string", format: "uri", description: "URL of the button" },
    },
    required: ["name", "url"],
    additionalProperties: false,
  },
  example: { name: "Jo", url: "https://example.com/start" },
};
