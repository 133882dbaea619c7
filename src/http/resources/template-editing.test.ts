import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import type { Problem } from "../schema/common.ts";
import type { Email } from "../schema/emails.ts";
import type { AuditEntry } from "../schema/monitoring.ts";
import type {
  TemplateDetail,
  TemplatePart,
  TemplatePreview,
  TemplateTest,
  TemplateVersion,
  TemplateVersionDetail,
} from "../schema/templates.ts";

let app: TestApp;
beforeEach(async () => {
  app = await openApp();
});
afterEach(() => app.close());

const path = (name: string) => `/api/templates/${name}`;
const get = (name: string) => read<TemplateDetail>(app.call("GET", path(name)));
const put = (name: string, body: unknown) => app.call("PUT", path(name), body);
const versions = async (name: string) =>
  (await read<{ items: TemplateVersion[] }>(app.call("GET", `${path(name)}/versions`))).items;
const audit = async () => (await read<{ items: AuditEntry[] }>(app.call("GET", "/api/audit-log"))).items;
const problem = async (response: Response | Promise<Response>) => read<Problem>(response);

const welcome = {
  description: "Welcomes a new customer",
  schema: {
    type: "object",
    properties: {
      name: { type: "string", maxLength: 100 },
      items: {
        type: "array",
        items: { type: "object", properties: { title: { type: "string" } }, required: ["title"] },
      },
    },
    required: ["name"],
  },
  example: { name: "Jo", items: [{ title: "Mug" }] },
  sources: {
    en: {
      subject: "Welcome, {{ name }}",
      mjml: "<mj-text>Good to have you, {{ name }}.{% for item in items %} {{ item.title }}{% endfor %}</mj-text>",
    },
    de: {
      subject: "Willkommen, {{ name }}",
      mjml: "<mj-text>Schön, dass Sie da sind.</mj-text>",
      text: "Hallo {{ name }}",
    },
  },
  version: 0,
};

describe("a template of one's own", () => {
  it("is made, sent in its languages, edited and deleted", async () => {
    const created = await read<TemplateDetail>(put("welcome", welcome));
    expect(created).toMatchObject({
      name: "welcome",
      isBuiltIn: false,
      isEdited: true,
      sensitive: false,
      expiresAfterMs: null,
      locales: ["en", "de"],
      version: 1,
      updatedBy: "Ada",
      sources: { en: { preheader: null, text: null }, de: { text: "Hallo {{ name }}" } },
    });
    const { templates } = app.services;
    const render = (locale: string) => templates.render("welcome", { data: { name: "Zoë" }, locale });
    expect(render("de-AT").subject).toBe("Willkommen, Zoë");
    expect(render("fr").html).toContain("Good to have you, Zoë.");

    // What GET gave can be PUT back, and changes nothing.
    expect((await read<TemplateDetail>(put("welcome", created))).version).toBe(1);
    const edited = {
      ...created,
      sensitive: true,
      sources: { en: created.sources.en },
      note: "English will do",
    };
    expect(await read<TemplateDetail>(put("welcome", edited))).toMatchObject({
      version: 2,
      sensitive: true,
      locales: ["en"],
    });
    expect(await versions("welcome")).toMatchObject([
      { version: 2, change: "edited", note: "English will do", by: "Ada" },
      { version: 1, change: "created", note: null },
    ]);
    expect(await audit()).toMatchObject([
      { action: "template.updated", target: "welcome", detail: { locales: ["de"], changed: ["sensitive"] } },
      { action: "template.created", target: "welcome", detail: { locales: ["en", "de"] } },
    ]);

    expect((await app.call("DELETE", path("welcome"))).status).toBe(204);
    expect((await app.call("GET", path("welcome"))).status).toBe(404);
    expect((await app.call("GET", `${path("welcome")}/versions`)).status).toBe(404);
    expect((await read<TemplateDetail>(put("welcome", welcome))).version).toBe(1);
  });

  it("names the wrong field of the data that it is sent with", async () => {
    await put("welcome", welcome);
    const send = (data: unknown) =>
      app.call("POST", "/api/emails", { to: "jo@example.com", template: "welcome", data });
    const { errors = [] } = await problem(send({ items: [{ title: "a" }, {}], nam: "Jo" }));
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      "/data/items/1/title",
      "/data/nam",
      "/data/name",
    ]);
    expect((await send({ name: "Jo" })).status).toBe(202);
  });

  it("may speak one language that is not English, which is then everybody's", async () => {
    const { de, en } = welcome.sources;
    expect((await problem(put("welcome", { ...welcome, sources: { de, fr: en } }))).errors).toMatchObject([
      { pointer: "/sources" },
    ]);
    expect((await put("welcome", { ...welcome, sources: { de } })).status).toBe(200);
    expect(app.services.templates.render("welcome", { data: { name: "Jo" }, locale: "it" }).subject).toBe(
      "Willkommen, Jo",
    );
  });

  it("needs a name, a schema and an example, all of which are checked at once", async () => {
    const { errors = [] } = await problem(
      put("Wel_come", { sources: { "de-de": {} }, version: -1, colour: 1 }),
    );
    const pointers = errors.map(({ pointer }) => pointer);
    for (const pointer of ["/name", "/description", "/schema", "/example", "/version", "/colour"]) {
      expect(pointers).toContain(pointer);
    }
    expect(pointers.some((pointer) => pointer.startsWith("/sources/de-de"))).toBe(true);
  });
});

describe("what is wrong with a template", () => {
  it("is said of every language at once, with line and column", async () => {
    const sources = {
      en: { subject: "Hello {{ name ", mjml: "<mj-text>\n  {{ nam }}</mj-text>" },
      de: {
        subject: "Hallo",
        mjml: "<mj-text>a</mj-text>\n<mj-button href='https://x.example'>b</mj-text>",
        text: "{% if x %}",
      },
      fr: { subject: "Bonjour", mjml: '<mj-text><a href="javascript:alert(1)">x</a></mj-text>' },
      es: { subject: "Hola", mjml: '<mj-text>x</mj-text>\n{% render "greeting" %}' },
    };
    const response = await put("welcome", { ...welcome, sources });
    expect(response.status).toBe(400);
    const { code, errors = [] } = await problem(response);
    expect(code).toBe("template.invalid");
    expect(errors).toEqual([
      expect.objectContaining({ pointer: "/sources/en/subject", line: 1, column: expect.any(Number) }),
      expect.objectContaining({
        pointer: "/sources/en/mjml",
        line: 2,
        column: 6,
        detail: '"nam" is not in the schema of the data',
      }),
      expect.objectContaining({ pointer: "/sources/de/mjml", line: 2 }),
      expect.objectContaining({ pointer: "/sources/de/text", line: 1 }),
      expect.objectContaining({ pointer: "/sources/fr/mjml", line: 1 }),
      expect.objectContaining({
        pointer: "/sources/es/mjml",
        line: 2,
        detail: expect.stringContaining("greeting"),
      }),
    ]);
    expect((await app.call("GET", path("welcome"))).status).toBe(404);
  });

  it("is found in branches that the example does not take", async () => {
    const mjml = "<mj-text>{% if items %}x{% else %}\n{{ nam }}{{ items.foo }}{% endif %}</mj-text>";
    const { errors } = await problem(put("welcome", { ...welcome, sources: { en: { subject: "x", mjml } } }));
    expect(errors).toMatchObject([{ pointer: "/sources/en/mjml", line: 2, column: 4 }]);
  });

  it("is found when it is rendered, in the author's line", async () => {
    const mjml = "<mj-text>\n\n{{ name | divided_by: 0 }}{{ items }}</mj-text>";
    const { errors } = await problem(put("welcome", { ...welcome, sources: { en: { subject: "x", mjml } } }));
    expect(errors).toMatchObject([{ pointer: "/sources/en/mjml", line: 3 }]);
  });

  it("is the example where that does not fit the schema", async () => {
    const response = await put("welcome", { ...welcome, example: { name: 3, items: [{}] } });
    const { code, errors = [] } = await problem(response);
    expect(code).toBe("input.invalid");
    expect(errors.map(({ pointer }) => pointer)).toEqual(["/example/name", "/example/items/0/title"]);
  });
});

describe("a built-in template", () => {
  it("can be said in other words, and be used as it came again", async () => {
    const before = await get("sign-in-code");
    expect(before).toMatchObject({
      isBuiltIn: true,
      isEdited: false,
      version: 0,
      updatedAt: null,
      updatedBy: null,
    });
    const english = { ...before.sources.en, subject: "{{ code }} is your code" };
    const sources = { ...before.sources, en: english };
    const after = await read<TemplateDetail>(put("sign-in-code", { ...before, sources }));
    expect(after).toMatchObject({ isBuiltIn: true, isEdited: true, version: 1, sensitive: true });
    const { templates } = app.services;
    const render = () => templates.render("sign-in-code", { data: before.example }).subject;
    expect(render()).toMatch(/ is your code$/);
    expect(await audit()).toMatchObject([{ action: "template.updated", detail: { locales: ["en"] } }]);

    expect((await app.call("DELETE", path("sign-in-code"))).status).toBe(204);
    expect(render()).not.toMatch(/ is your code$/);
    expect(await get("sign-in-code")).toMatchObject({ isEdited: false, version: 2, sources: before.sources });
    expect(await versions("sign-in-code")).toMatchObject([
      { version: 2, change: "reset" },
      { version: 1, change: "edited" },
    ]);

    const restored = await read<TemplateDetail>(
      app.call("POST", `${path("sign-in-code")}/versions/1/restore`, { version: 2 }),
    );
    expect(restored).toMatchObject({ version: 3, isEdited: true, sources: { en: english } });
    const came = await read<TemplateVersionDetail>(app.call("GET", `${path("sign-in-code")}/versions/0`));
    expect(came).toMatchObject({ version: 0, at: null, by: null, sources: before.sources });
    const again = await read<TemplateDetail>(
      app.call("POST", `${path("sign-in-code")}/versions/0/restore`, { version: 3 }),
    );
    expect(again).toMatchObject({ version: 4, isEdited: false });
    expect((await audit()).map(({ action }) => action)).toEqual([
      "template.restored",
      "template.restored",
      "template.reset",
      "template.updated",
    ]);
  });

  it("keeps its schema, its example and its care", async () => {
    const before = await get("password-reset");
    const edited = { ...before, sensitive: false, example: {}, schema: { type: "object", properties: {} } };
    const { errors = [] } = await problem(put("password-reset", edited));
    expect(errors.map(({ pointer }) => pointer)).toEqual(["/sensitive", "/schema", "/example"]);
  });
});

describe("two who edit at once", () => {
  it("do not undo each other's work", async () => {
    await put("welcome", welcome);
    const mine = await get("welcome");
    const others = { ...mine, description: "Another" };
    expect((await put("welcome", others)).status).toBe(200);
    const response = await put("welcome", { ...mine, description: "Mine" });
    expect(response.status).toBe(409);
    expect(await problem(response)).toMatchObject({ code: "template.version_conflict" });
    expect((await put("welcome", { ...welcome, version: 0 })).status).toBe(409);
    const restore = app.call("POST", `${path("welcome")}/versions/1/restore`, { version: 1 });
    expect((await restore).status).toBe(409);
    expect((await get("welcome")).description).toBe("Another");
  });

  it("get one version each where both are right", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const answers = await Promise.all(names.map((name) => put(name, welcome)));
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
    const same = await Promise.all(
      names.map((name) => put("a", { ...welcome, version: 1, description: name })),
    );
    expect(same.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
  });
});

describe("a preview", () => {
  const preview = (name: string, body: unknown) => app.call("POST", `${path(name)}/preview`, body);

  it("shows a source that is not saved, also of a template that does not exist yet", async () => {
    const source = { subject: "Hi {{ name }}", mjml: "<mj-text>Unsaved</mj-text>" };
    const { schema, example } = welcome;
    const shown = await read<TemplatePreview>(preview("welcome", { source, schema, example }));
    expect(shown).toMatchObject({ subject: "Hi Jo", warnings: [] });
    expect(shown.sizeBytes).toBe(Buffer.byteLength(shown.html));
    expect((await preview("welcome", { source })).status).toBe(404);
    const saved = await read<TemplatePreview>(preview("password-reset", { source, locale: "de" }));
    expect(saved.html).toContain("Unsaved");
    expect((await get("password-reset")).isEdited).toBe(false);
  });

  it("takes another brand", async () => {
    const { html } = await read<TemplatePreview>(preview("password-reset", { brand: { name: "Nordlys" } }));
    expect(html).toContain("Nordlys");
  });

  it("gives what mail programs show beside the subject", async () => {
    const source = { subject: "x", preheader: "For {{ name }}", mjml: "<mj-text>x</mj-text>" };
    const shown = await read<TemplatePreview>(
      preview("password-reset", { source, data: { name: "Jo", url: "https://example.com/" } }),
    );
    expect(shown.preheader).toBe("For Jo");
    const bare = { subject: "x", mjml: "<mj-text>x</mj-text>" };
    expect((await read<TemplatePreview>(preview("password-reset", { source: bare }))).preheader).toBeNull();
  });

  it("takes a part that is not saved", async () => {
    const mjml = "<mjml><mj-body><mj-raw>Unsaved frame</mj-raw>{{ content }}</mj-body></mjml>";
    const layout = { name: "layout", mjml, text: "Unsaved frame\n\n{{ content }}" };
    const shown = await read<TemplatePreview>(preview("password-reset", { part: layout }));
    expect([shown.html, shown.text]).toEqual([
      expect.stringContaining("Unsaved frame"),
      expect.stringMatching(/^Unsaved frame\n/),
    ]);
    const again = await read<TemplatePreview>(preview("password-reset", {}));
    expect(again.html).not.toContain("Unsaved frame");
    const wrong = { name: "layout", mjml: "<mjml>\n<mj-bdy>{{ content }}</mj-bdy></mjml>" };
    expect(await problem(preview("password-reset", { part: wrong }))).toMatchObject({
      code: "template.invalid",
      errors: [{ pointer: "/part/mjml", line: 2 }],
    });
  });

  it("says what readers may mind, and where", async () => {
    const picture = '<mj-image src="https://example.com/a.png" />';
    const mjml = `<mj-text>x</mj-text>\n${picture}\n<mj-text><a href="http://example.com/">x</a></mj-text>\n<mj-text>${"word ".repeat(21_000)}</mj-text>`;
    const source = { subject: "x".repeat(121), mjml };
    const { warnings } = await read<TemplatePreview>(preview("password-reset", { source }));
    expect(warnings).toMatchObject([
      { code: "html_large", line: null },
      { code: "subject_long", line: null },
      { code: "alt_missing", line: 2, column: 1 },
      { code: "link_insecure", line: 3 },
    ]);
  });

  it("names the faults of the source and of the data", async () => {
    const source = { subject: "x", mjml: "<mj-text>\n{{ nope }}</mj-text>" };
    expect(await problem(preview("password-reset", { source }))).toMatchObject({
      code: "template.invalid",
      errors: [{ pointer: "/source/mjml", line: 2, column: 4 }],
    });
    const wrong = await problem(preview("password-reset", { source, data: { url: 1 } }));
    expect(wrong).toMatchObject({
      code: "input.invalid",
      errors: [{ pointer: "/data/url" }, { pointer: "/source/mjml" }],
    });
  });

  it("shows whoever may only send what is saved, and nothing else", async () => {
    const headers = { ...(await app.bearer("send")), "content-type": "application/json" };
    const post = (body: unknown) =>
      app.request(`${path("password-reset")}/preview`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
    expect((await post({})).status).toBe(200);
    expect((await post({ source: { subject: "x", mjml: "<mj-text>x</mj-text>" } })).status).toBe(403);
    expect((await post({ part: { name: "signature", mjml: "<mj-text>x</mj-text>" } })).status).toBe(403);
    const edit = { method: "PUT", headers, body: JSON.stringify(welcome) };
    expect((await app.request(path("welcome"), edit)).status).toBe(403);
    expect((await app.request("/api/template-parts", { headers })).status).toBe(403);
  });
});

describe("a test", () => {
  const test = (name: string, body: unknown, headers = {}) =>
    app.call("POST", `${path(name)}/test`, body, headers);

  it("goes to the admin who is signed in, by the outbox, with its tag", async () => {
    const response = await test("password-reset", { locale: "de" });
    expect(response.status).toBe(202);
    const { id, to, state } = await read<TemplateTest>(response);
    expect([to, state]).toEqual(["ada@example.com", "queued"]);
    const email = await read<Email>(app.call("GET", `/api/emails/${id}`));
    expect(email).toMatchObject({ tags: ["test"], sensitive: true, template: "password-reset" });
    expect(email.recipients.map(({ address }) => address)).toEqual(["ada@example.com"]);
  });

  it("sends what is not saved, with the care that the template asks for", async () => {
    const source = { subject: "Not saved", mjml: "<mj-text>x</mj-text>" };
    const { id } = await read<TemplateTest>(test("password-reset", { source }));
    const email = await read<Email>(app.call("GET", `/api/emails/${id}`));
    expect(email).toMatchObject({ subject: "Not saved", sensitive: true });
    expect(Date.parse(email.expiresAt) - Date.parse(email.createdAt)).toBe(3_600_000);
  });

  it("goes to nobody else; who has no address of their own says one", async () => {
    const { errors } = await problem(test("password-reset", { to: "eve@example.com" }));
    expect(errors).toMatchObject([{ pointer: "/to" }]);
    expect((await test("password-reset", { to: "Ada@example.com" })).status).toBe(202);
    const key = await app.bearer("admin");
    const byKey = (body: unknown) =>
      app.request(`${path("password-reset")}/test`, {
        method: "POST",
        headers: { ...key, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect((await problem(byKey({}))).errors).toMatchObject([{ pointer: "/to" }]);
    expect((await read<TemplateTest>(byKey({ to: "jo@example.com" }))).to).toBe("jo@example.com");
  });
});

describe("the parts of templates", () => {
  const part = (name: string) => `/api/template-parts/${name}`;
  const save = (name: string, body: unknown) => app.call("PUT", part(name), body);
  const getPart = (name: string) => read<TemplatePart>(app.call("GET", part(name)));

  it("are the layout, as it came or as it was edited, around every template", async () => {
    const before = await getPart("layout");
    expect(before).toMatchObject({ isBuiltIn: true, isEdited: false, version: 0, updatedAt: null });
    expect(before.usedBy).toContain("password-reset");
    const mjml = before.mjml.replace("{{ content }}", "<mj-text>Above everything</mj-text>{{ content }}");
    expect(await read<TemplatePart>(save("layout", { ...before, mjml }))).toMatchObject({
      version: 1,
      isEdited: true,
    });
    const { templates } = app.services;
    const html = () =>
      templates.render("order-notification", { data: templates.get("order-notification").example }).html;
    expect(html()).toContain("Above everything");
    expect((await app.call("DELETE", part("layout"))).status).toBe(204);
    expect(html()).not.toContain("Above everything");
    await app.call("POST", `${part("layout")}/versions/1/restore`, { version: 2 });
    expect(html()).toContain("Above everything");
    const versions = await read<{ items: TemplateVersion[] }>(app.call("GET", `${part("layout")}/versions`));
    expect(versions.items.map(({ change }) => change)).toEqual(["restored", "reset", "edited"]);
    expect((await audit()).map(({ action }) => action)).toEqual([
      "template_part.restored",
      "template_part.reset",
      "template_part.updated",
    ]);
  });

  it("are not kept where they are wrong by themselves", async () => {
    const layout = await getPart("layout");
    const without = await problem(save("layout", { ...layout, mjml: "<mjml><mj-body></mj-body></mjml>" }));
    expect(without).toMatchObject({ code: "template.invalid", errors: [{ pointer: "/mjml" }] });
    const broken = await problem(save("layout", { ...layout, mjml: layout.mjml.replace("</mj-body>", "") }));
    expect(broken.errors?.[0]).toMatchObject({ pointer: "/mjml", line: expect.any(Number) });
    const conflict = await save("layout", { ...layout, version: 4 });
    expect(conflict.status).toBe(409);
  });

  it("are partials that templates call; one that a template needs can be neither deleted nor broken", async () => {
    const help = {
      mjml: "<mj-text>Help: {{ brand.name | default: 'us' }}</mj-text>",
      text: "Help",
      version: 0,
    };
    expect((await save("help", help)).status).toBe(200);
    const source = {
      subject: "x",
      mjml: '<mj-text>x</mj-text>{% render "help" %}',
      text: 'x {% render "help" %}',
    };
    await put("welcome", { ...welcome, sources: { en: source } });
    expect(await getPart("help")).toMatchObject({ version: 1, isBuiltIn: false, usedBy: ["welcome"] });
    expect(app.services.templates.render("welcome", { data: { name: "Jo" } }).text).toContain("x Help");

    const broken = await problem(
      save("help", { ...help, mjml: "<mj-text>{{ orderNumber }}</mj-text>", version: 1 }),
    );
    expect(broken.code).toBe("template.invalid");
    expect(broken.detail).toContain('"welcome"');
    const gone = await app.call("DELETE", part("help"));
    expect(gone.status).toBe(400);
    expect((await problem(gone)).detail).toContain('"welcome"');

    await app.call("DELETE", path("welcome"));
    expect((await app.call("DELETE", part("help"))).status).toBe(204);
    expect((await app.call("GET", part("help"))).status).toBe(404);
    const { items } = await read<{ items: TemplatePart[] }>(app.call("GET", "/api/template-parts"));
    expect(items.map(({ name }) => name)).toEqual(["layout"]);
  });
});
