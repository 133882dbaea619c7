import { describe, expect, it } from "vitest";
import { filterByContext } from "./html-context.ts";

describe("filterByContext", () => {
  it.each([
    ['<a href="{{ x }}">{{ x }}</a>', '<a href="{{ x | url }}">{{ x }}</a>'],
    ["<img src='{{- x -}}' alt='{{ y }}'>", "<img src='{{- x | url -}}' alt='{{ y }}'>"],
    ['<a href="https://example.com/?q={{ q }}">', '<a href="https://example.com/?q={{ q }}">'],
    ['<a href="{{ base }}/{{ path }}">', '<a href="{{ base | url }}/{{ path }}">'],
    ['<td bgcolor="{{ c }}" style="color:{{ c }}">', '<td bgcolor="{{ c }}" style="color:{{ c | css }}">'],
    ["<style>a{color:{{ c }}}</style>{{ x }}", "<style>a{color:{{ c | css }}}</style>{{ x }}"],
    ['<a href="{{ x | append: "}}" }}">', '<a href="{{ x | append: "}}" | url }}">'],
    [
      '<!--[if mso]><v:fill src="{{ s }}"/><![endif]-->{{ x }}',
      '<!--[if mso]><v:fill src="{{ s | url }}"/><![endif]-->{{ x }}',
    ],
    [
      '<!--[if !mso]><!--><a href="{{ u }}"><!--<![endif]-->',
      '<!--[if !mso]><!--><a href="{{ u | url }}"><!--<![endif]-->',
    ],
    ['{% comment %}<a href="{% endcomment %}{{ x }}', '{% comment %}<a href="{% endcomment %}{{ x }}'],
    [
      '{% if a %}<a href="{{ x }}">{% else %}<b>{% endif %}',
      '{% if a %}<a href="{{ x | url }}">{% else %}<b>{% endif %}',
    ],
    ["1 < 2 {{ x }}", "1 < 2 {{ x }}"],
  ])("%s", (html, filtered) => {
    expect(filterByContext(html, "html")).toBe(filtered);
  });

  it.each([
    "<a href={{ x }}>",
    "<a {{ x }}>",
    "<{{ x }}>",
    "<a{% if a %} b{% endif %}>",
    '<a href=x"y="{{ v }}">',
    "<script>{{ x }}</script>",
    "<!-- {{ x }} -->",
    '<a onclick="{{ x }}">',
    '<img srcset="{{ x }}">',
    "<style></sty{{ x }}le>",
  ])("refuses Liquid where no escaping is safe: %s", (html) => {
    expect(() => filterByContext(html, "html")).toThrow(
      expect.objectContaining({ code: "template.invalid" }),
    );
  });

  it.each([
    '<a href="javascript:{{ x }}">',
    '<a href="java{{ x }}">',
    '<img src="data:{{ x }}">',
    '<a href="{%if a%}{%endif%}x:{{ x }}">',
  ])("refuses a link that begins otherwise: %s", (html) => {
    expect(() => filterByContext(html, "html")).toThrow(/a link must start with/);
  });

  it.each([
    '{% if a %}<a href="{% endif %}{{ x }}',
    '<a href="{% if a %}{{ x }}{% endif %}{{ y }}">',
    '{% for a in b %}<a title="{% endfor %}',
    '{% if a %}<a title="{% else %}">{% endif %}',
  ])("refuses a branch that ends elsewhere than it began: %s", (html) => {
    expect(() => filterByContext(html, "html")).toThrow(/each branch must start and end in the same place/);
  });
});
