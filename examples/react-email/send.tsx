import { render } from "@react-email/components";
import { createSendwright } from "sendwright";
import { Welcome } from "./welcome.tsx";

const sendwright = await createSendwright({ database: "sendwright.db", secret: process.env.SECRET });

// The contents are made here; from `send` on, the email is as durable as one made by a template.
const email = <Welcome name="Jo" url="https://app.example.com/" />;
const accepted = await sendwright.send({
  to: "jo@example.com",
  subject: "Welcome, Jo",
  html: await render(email),
  text: await render(email, { plainText: true }),
});
console.log(accepted);

await sendwright.close();
