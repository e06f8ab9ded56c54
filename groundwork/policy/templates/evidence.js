"use strict";
const root = document.documentElement;
const theme = document.getElementById("theme");
theme.hidden = false;
const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
const label = () => { theme.textContent = dark() ? "Light page" : "Dark page"; };
theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; label(); });
label();

const words = document.getElementById("words");
const verdict = document.getElementById("verdict");
const rules = [...document.querySelectorAll("details[data-rule]")];
const count = document.getElementById("count");
const show = () => {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const rule of rules) {
    const text = rule.textContent.toLowerCase();
    const fits = wanted.every((word) => text.includes(word)) && (!verdict.value || rule.dataset.result === verdict.value);
    rule.hidden = !fits;
    shown += fits;
  }
  for (const family of document.querySelectorAll("section[data-family]")) {
    family.hidden = !family.querySelector("details:not([hidden])");
  }
  count.textContent = `${shown} of ${rules.length} rules`;
};
document.getElementById("filter").hidden = false;
words.addEventListener("input", show);
verdict.addEventListener("change", show);
document.getElementById("open").addEventListener("click", () => rules.forEach((rule) => { rule.open = !rule.hidden; }));
document.getElementById("close").addEventListener("click", () => rules.forEach((rule) => { rule.open = false; }));
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input, select")) { event.preventDefault(); words.focus(); }
  if (event.key === "Escape" && event.target === words) { words.value = ""; show(); }
});
const follow = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.matches("details")) {
    words.value = ""; verdict.value = ""; show();
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus();
  }
};
addEventListener("hashchange", follow);
addEventListener("beforeprint", () => rules.forEach((rule) => { rule.open = true; }));
show();
follow();
