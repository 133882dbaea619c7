export const title = "Brand";
export const lead = "What your emails show of the sender. Whatever you leave empty is left out.";
export const fields = {
  name: "Name",
  url: "Website",
  logoUrl: "Logo",
  color: "Colour",
  address: "Postal address",
  footerLinks: "Links in the footer",
};
export const hints = {
  name: "Of the product, as its users know it.",
  url: "Where the name or logo in the header leads.",
  logoUrl: "The https address of a picture. It is shown 32 pixels high; the preview does not load it.",
  color: "Of buttons and links, such as #2456d6.",
  address: "In the footer. The law of many countries asks for one in advertising.",
};
export const pick = "Pick a colour";
export const link = (number: number) => `Link ${number}`;
export const linkLabel = "Text";
export const linkUrl = "Address";
export const addLink = "Add a link";
export const removeLink = (label: string) => `Remove ${label || "this link"}`;
export const tryWith = "Shown with";
