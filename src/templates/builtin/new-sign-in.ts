import { z } from "zod";
import { webLink } from "../engine/fields.ts";
import type { Template } from "../engine/template.ts";
import { name, productName, requestFields } from "./common-fields.ts";
import { type InEveryLocale, sourcesIn } from "./locales.ts";
import { factsMjml, factsText, greetingMjml, greetingText, requestFacts } from "./parts.ts";

const schema = z.strictObject({
  name,
  url: webLink().optional().describe("Page where the reader secures the account"),
  ...requestFields,
  productName,
});

interface Words {
  readonly subject: string;
  readonly heading: string;
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
    signIn: "Someone signed in to your {% if product %}{{ product }} {% endif %}account from a new device.",
    wasYou: "If this was you, you don’t need to do anything.",
    notYou: "Wasn’t you?",
    secure: "Someone else may know your password. Change it now and sign out of all other sessions.",
    button: "Secure your account",
  },
  de: {
    subject: "Neue Anmeldung bei Ihrem Konto{% if product %} für {{ product }}{% endif %}",
    heading: "Neue Anmeldung bei Ihrem Konto",
    signIn:
      "Jemand hat sich von einem neuen Gerät aus bei Ihrem Konto{% if product %} für {{ product }}{% endif %} angemeldet.",
    wasYou: "Falls Sie das waren, müssen Sie nichts tun.",
    notYou: "Das waren nicht Sie?",
    secure:
      "Dann kennt möglicherweise jemand anderes Ihr Passwort. Ändern Sie es jetzt und beenden Sie alle anderen Sitzungen.",
    button: "Konto absichern",
  },
  fr: {
    subject: "Nouvelle connexion à votre compte{% if product %} {{ product }}{% endif %}",
    heading: "Nouvelle connexion à votre compte",
    signIn:
      "Quelqu’un s’est connecté à votre compte{% if product %} {{ product }}{% endif %} depuis un nouvel appareil.",
    wasYou: "Si c’était vous, vous n’avez rien à faire.",
    notYou: "Ce n’était pas vous\u202f?",
    secure:
      "Une autre personne connaît peut-être votre mot de passe. Changez-le dès maintenant et fermez toutes les autres sessions.",
    button: "Sécuriser votre compte",
  },
  es: {
    subject: "Nuevo inicio de sesión en su cuenta{% if product %} de {{ product }}{% endif %}",
    heading: "Nuevo inicio de sesión en su cuenta",
    signIn:
      "Alguien ha iniciado sesión en su cuenta{% if product %} de {{ product }}{% endif %} desde un dispositivo nuevo.",
    wasYou: "Si ha sido usted, no tiene que hacer nada.",
    notYou: "¿No ha sido usted?",
    secure:
      "Es posible que otra persona conozca su contraseña. Cámbiela ahora y cierre todas las demás sesiones.",
    button: "Proteger su cuenta",
  },
  ja: {
    subject: "{% if product %}{{ product }}の{% endif %}アカウントへの新しいログイン",
    heading: "アカウントへの新しいログイン",
    signIn:
      "新しいデバイスから{% if product %}{{ product }}の{% endif %}アカウントへのログインがありました。",
    wasYou: "ご本人によるものであれば、対応は必要ありません。",
    notYou: "お心当たりがない場合",
    secure:
      "第三者にパスワードを知られている可能性があります。今すぐパスワードを変更し、他のすべてのセッションを終了してください。",
    button: "アカウントを保護する",
  },
};

/** Tells the owner of an account about a sign-in from a new device. All data is optional. */
export const newSignIn = {
  name: "new-sign-in",
  description: "Reports a sign-in from a new device",
  sensitive: false,
  expiresAfterMs: null,
  schema,
  example: {
    name: "Jo",
    url: "https://app.example.com/account/security",
    device: "Firefox (Linux)",
    place: "Lyon, France",
    time: "2026-03-01T09:30:00+01:00",
    timeZone: "Europe/Paris",
  } satisfies z.input<typeof schema>,
  sources: sourcesIn(words, (word, common) => ({
    subject: word.subject,
    // Dots between the parts: a comma and a full stop would be wrong in Japanese.
    preheader: `{% if device %}{{ device }} · {% endif %}{% if place %}{{ place }} · {% endif %}${word.wasYou}`,
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
