export const title = "Brand";
export const lead = "How your emails show who they're from. Blank fields are left out.";
export const fields = {
  name: "Name",
  url: "Website",
  logoUrl: "Logo URL",
  color: "Color",
  address: "Postal address",
  footerLinks: "Footer links",
};
export const hints = {
  name: "The product's name, as its users know it.",
  url: "The page that the name or logo in the header links to.",
  logoUrl: "An https image URL. Emails show it 32 pixels high. The preview doesn't load it.",
  color: "The color of buttons and links, for example #2456d6.",
  address: "Shown in the footer. Many countries require one in marketing emails.",
};
export const pick = "Pick a color";
export const link = (number: number) => `Link ${number}`;
export const linkLabel = "Text";
export const linkUrl = "URL";
export const addLink = "Add link";
export const removeLink = (label: string) => `Remove ${label || "this link"}`;
export const tryWith = "Preview template";
