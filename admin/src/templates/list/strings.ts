export const lead = "Emails your application sends by name, with nothing but data.";
export const sensitive = "Sensitive";
export const edited = "Edited";
export const own = "Your own";
export const partsTitle = "Shared parts";
export const partUsedBy = (count: number) =>
  count === 0 ? "used by no template" : count === 1 ? "used by 1 template" : `used by ${count} templates`;
export const partCreate = "New partial";
export const partCreateTitle = "Make a partial";
export const partCreateHint = "A piece that templates share, such as a signature. They call it by its name.";
export const partStart = "<mj-text>Questions? Write to help@example.com.</mj-text>";
export const createOpen = "New template";
export const createTitle = "Make a template";
export const createName = "Name";
export const createNameHint =
  "Lower case with hyphens, such as order-shipped. Your application sends it by this name.";
export const createDescription = "What it is for";
export const createFrom = "Start with";
export const createBlank = "A few words";
export const createCopyOf = (name: string) => `A copy of ${name}`;
export const createSubmit = "Make template";
export const createStart = {
  subject: "Welcome, {{ name }}",
  preheader: "Good to have you here.",
  mjml: '<mj-text><h1>Welcome, {{ name }}</h1></mj-text>\n<mj-text>Good to have you here.</mj-text>\n<mj-button href="{{ url }}">Get started</mj-button>\n',
  schema: {
    type: "object",
    properties: {
      name: { type: "string", maxLength: 100, description: "Whom to greet" },
      url: { type: "string", format: "uri", description: "Where the button leads" },
    },
    required: ["name", "url"],
    additionalProperties: false,
  },
  example: { name: "Jo", url: "https://example.com/start" },
};
