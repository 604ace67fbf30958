"use strict";
(() => {
  const form = document.querySelector(".bar form");
  const said = [...document.querySelectorAll(".said")];
  const files = [...document.querySelectorAll(".file")];
  const shown = () => said.filter((one) => !one.hidden);
  const texts = new Map(said.map((one) => [one, one.textContent.toLowerCase()]));

  function filter() {
    const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = new Set();
    for (const one of said) {
      const fits = ["rule", "file", "status", "reason"].every((key) => !form[key].value || one.dataset[key] === form[key].value);
      one.hidden = !(fits && words.every((word) => texts.get(one).includes(word)));
      if (!one.hidden) JSON.parse(one.dataset.touches).forEach((path) => kept.add(path));
    }
    const everything = shown().length === said.length;
    for (const file of files) file.hidden = !everything && !kept.has(file.dataset.path);
    form.querySelector("output").value = `${shown().length} of ${said.length}`;
  }

  function move(step) {
    const list = shown();
    if (!list.length) return;
    const at = list.indexOf(document.activeElement);
    const next = list[at < 0 ? (step > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + step))];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "center" });
  }

  function reveal(one) {
    const file = one.closest(".file");
    const patch = file.querySelector(".patch");
    if (!patch) return;
    patch.open = true;
    document.querySelectorAll("tr.shown").forEach((row) => row.classList.remove("shown"));
    const rows = [...patch.querySelectorAll("tr[data-old]")];
    const row = rows.findLast((each) => Number(each.dataset.old) <= Number(one.dataset.line)) || rows[0];
    if (row) {
      row.classList.add("shown");
      row.scrollIntoView({ block: "center" });
    }
  }

  // Side by side is made of the unified rows, for a file that comes into sight: few of 500 fixes are.
  const kept = new Map();
  const cell = (name, text, number) => {
    const made = document.createElement("td");
    made.className = name;
    if (number !== undefined) made.dataset.n = number;
    made.textContent = text;
    return made;
  };
  function besides(table) {
    const made = document.createElement("table");
    made.className = "diff beside";
    for (const name of ["number", "", "number", ""]) {
      const column = document.createElement("col");
      column.className = name;
      made.append(column);
    }
    let before = [], after = [];
    const line = (row) => (row ? row.querySelector(".c").textContent : "");
    const flush = () => {
      for (let at = 0; at < Math.max(before.length, after.length); at++) {
        const row = document.createElement("tr");
        const [old, young] = [before[at], after[at]];
        if (old) row.dataset.old = old.dataset.old;
        row.append(cell("n", "", old ? old.cells[0].dataset.n : ""), cell(old ? "c del" : "c", line(old)));
        row.append(cell("n", "", young ? young.cells[1].dataset.n : ""), cell(young ? "c add" : "c", line(young)));
        made.append(row);
      }
      before = [];
      after = [];
    };
    for (const row of table.rows) {
      if (row.className === "del") { if (after.length) flush(); before.push(row); continue; }
      if (row.className === "add") { after.push(row); continue; }
      flush();
      const copy = document.createElement("tr");
      if (row.className === "hunk") {
        copy.className = "hunk";
        copy.append(cell("", row.textContent));
        copy.cells[0].colSpan = 4;
      } else {
        copy.dataset.old = row.dataset.old;
        copy.append(cell("n", "", row.cells[0].dataset.n), cell("c", line(row)), cell("n", "", row.cells[1].dataset.n), cell("c", line(row)));
      }
      made.append(copy);
    }
    flush();
    return made;
  }
  let isBeside = false;
  function turn() {
    isBeside = !isBeside;
    form.layout.textContent = isBeside ? "Unified" : "Side by side";
    near.forEach(lay);
  }
  function lay(file) {
    const table = file.querySelector("table.diff");
    if (!table || table.classList.contains("beside") === isBeside) return;
    if (!kept.has(table)) {
      const other = besides(table);
      kept.set(table, other);
      kept.set(other, table);
    }
    table.replaceWith(kept.get(table));
  }
  const near = new Set();
  const sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) { near.delete(target); continue; }
      near.add(target);
      lay(target);
    }
  }, { rootMargin: "600px" });
  files.forEach((file) => sight.observe(file));

  function theme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  }

  const help = document.querySelector("dialog");
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    o: () => document.activeElement.matches(".said") && reveal(document.activeElement),
    Enter: () => document.activeElement.matches(".said") && reveal(document.activeElement),
    u: turn,
    t: theme,
    "/": () => form.words.focus(),
    "?": () => help.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && document.activeElement.form === form) return document.activeElement.blur();
    if (event.target.matches("input, select, button, a, summary") || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  document.addEventListener("click", (event) => {
    const one = event.target.closest(".reveal");
    if (one) reveal(one.closest(".said"));
  });
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  form.layout.addEventListener("click", turn);
  form.theme.addEventListener("click", theme);
  form.keys.addEventListener("click", () => help.showModal());
  addEventListener("beforeprint", () => {
    files.forEach(lay);
    document.querySelectorAll("details").forEach((one) => { one.open = true; });
  });
  form.hidden = false;
  filter();
})();
