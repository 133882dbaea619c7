import { z } from "zod";
import { webLink } from "../engine/fields.ts";
import type { Template } from "../engine/template.ts";
import { name, productName, requestFields } from "./common-fields.ts";
import { type InEveryLocale, sourcesIn } from "./locales.ts";
import { factsMjml, factsText, greetingMjml, greetingText, requestFacts } from "./parts.ts";

const schema = z.strictObject({
  name,
  url: webLink().optional().describe("The page where the account can be secured"),
  ...requestFields,
  productName,
});

interface Words {
  readonly subject: string;
  readonly heading: string;
  readonly preheader: string;
  readonly signIn: string;
  readonly wasYou: string;
  readonly notYou: string;
  readonly secure: string;
  readonly button: string;
}

const words: InEveryLocale<Words> = {
  en: {
    subject: "New sign-in to your {% if product %}{{ product }} {% endif %}account",
    heading: "New sign-in to your account",
    preheader: "If it was you, there is nothing to do.",
    signIn:
      "Someone signed in to your {% if product %}{{ product }} {% endif %}account from a device that we did not know yet.",
    wasYou: "If it was you, there is nothing to do.",
    notYou: "This was not you?",
    secure: "Then somebody else may know your password. Change it now, and end all other sessions.",
    button: "Secure your account",
  },
  de: {
    subject: "Neue Anmeldung in Ihrem Konto{% if product %} bei {{ product }}{% endif %}",
    heading: "Neue Anmeldung in Ihrem Konto",
    preheader: "Wenn Sie das waren, brauchen Sie nichts zu tun.",
    signIn:
      "In Ihrem Konto{% if product %} bei {{ product }}{% endif %} gab es eine Anmeldung von einem Gerät, das wir noch nicht kannten.",
    wasYou: "Wenn Sie das waren, brauchen Sie nichts zu tun.",
    notYou: "Das waren nicht Sie?",
    secure:
      "Dann kennt vielleicht jemand anderes Ihr Passwort. Ändern Sie es jetzt, und beenden Sie alle anderen Sitzungen.",
    button: "Konto absichern",
  },
  fr: {
    subject: "Nouvelle connexion à votre compte{% if product %} {{ product }}{% endif %}",
    heading: "Nouvelle connexion à votre compte",
    preheader: "Si c’était vous, vous n’avez rien à faire.",
    signIn:
      "Une connexion à votre compte{% if product %} {{ product }}{% endif %} a eu lieu depuis un appareil que nous ne connaissions pas encore.",
    wasYou: "Si c’était vous, vous n’avez rien à faire.",
    notYou: "Ce n’était pas vous\u00a0?",
    secure:
      "Quelqu’un d’autre connaît peut-être votre mot de passe. Changez-le dès maintenant et fermez toutes les autres sessions.",
    button: "Sécuriser votre compte",
  },
  es: {
    subject: "Nuevo acceso a su cuenta{% if product %} de {{ product }}{% endif %}",
    heading: "Nuevo acceso a su cuenta",
    preheader: "Si ha sido usted, no tiene que hacer nada.",
    signIn:
      "Se ha accedido a su cuenta{% if product %} de {{ product }}{% endif %} desde un dispositivo que aún no conocíamos.",
    wasYou: "Si ha sido usted, no tiene que hacer nada.",
    notYou: "¿No ha sido usted?",
    secure:
      "Es posible que otra persona conozca su contraseña. Cámbiela ahora y cierre todas las demás sesiones.",
    button: "Proteger su cuenta",
  },
  ja: {
    subject: "{% if product %}{{ product }}の{% endif %}アカウントへの新しいログイン",
    heading: "アカウントへの新しいログイン",
    preheader: "ご本人によるものであれば、対応は必要ありません。",
    signIn:
      "これまでに使用されたことのない端末から、{% if product %}{{ product }}の{% endif %}アカウントへのログインがありました。",
    wasYou: "ご本人によるものであれば、対応は必要ありません。",
    notYou: "お心当たりがない場合",
    secure:
      "第三者にパスワードを知られている可能性があります。今すぐパスワードを変更し、他のすべてのセッションを終了してください。",
    button: "アカウントを保護する",
  },
};

/** Tells the owner of an account that it was used from somewhere new. All data is optional. */
export const newSignIn = {
  name: "new-sign-in",
  description: "News of a sign-in from a device that was not known",
  sensitive: false,
  expiresAfterMs: null,
  schema,
  example: {
    name: "Jo",
    url: "https://app.example.com/account/security",
    device: "Firefox on Linux",
    place: "Lyon, France",
    time: "2026-03-01T09:30:00+01:00",
    timeZone: "Europe/Paris",
  } satisfies z.input<typeof schema>,
  sources: sourcesIn(words, (word, common) => ({
    subject: word.subject,
    preheader: `{% if device %}{{ device }}{% if place %}, {{ place }}{% endif %}. {% endif %}${word.preheader}`,
    mjml: `<mj-text><h1>${word.heading}</h1></mj-text>
${greetingMjml(common)}
<mj-text>${word.signIn}</mj-text>
{% if time or device or place %}
${factsMjml(requestFacts(common))}
{% endif %}
<mj-text>${word.wasYou}</mj-text>
<mj-divider />
<mj-text padding="0 0 8px"><h2>${word.notYou}</h2></mj-text>
<mj-text>${word.secure}</mj-text>
{% if url %}
<mj-button href="{{ url }}">${word.button}</mj-button>
{% endif %}`,
    text: `${word.heading}

${greetingText(common)}${word.signIn}

{% if time or device or place %}${factsText(requestFacts(common), common)}
{% endif %}${word.wasYou}

${word.notYou}
${word.secure}
{% if url %}
${word.button}${common.colon}{{ url }}
{% endif %}`,
  })),
} satisfies Template;
