// Makes the pages live: a stream that hints, one ticker for all times, keys. The page is the truth; without this file
// everything can still be read and acknowledged.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const live = $("#live"), held = $("#held"), broken = $("#broken"), count = $("#count");
  const source = document.body.dataset.live, incident = document.body.dataset.incident;
  // A page of counts over many alerts: looked at now and then (data-again), not at every hint of the stream.
  const counts = "counts" in document.body.dataset;
  const EVERY = 1000, SETTLE = 2500, CALM = 10000;

  // --- Times: the server's clock, not this machine's -------------------------------------------------------------
  let offset = 0, fresh = Date.now();
  const now = () => Date.now() + offset;
  const sync = (at) => { offset = Number(at) - Date.now(); fresh = Date.now(); };

  const length = (ms) => {
    const s = Math.floor(Math.abs(ms) / 1000), two = (a, b, x, y) => (b ? `${a} ${x} ${b} ${y}` : `${a} ${x}`);
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min`;
    if (s < 86400) return two(Math.floor(s / 3600), Math.floor((s % 3600) / 60), "h", "min");
    return two(Math.floor(s / 86400), Math.floor((s % 86400) / 3600), "d", "h");
  };
  const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const zone = new Intl.DateTimeFormat(undefined, {
    day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short",
  });
  const tick = () => {
    const at = now();
    for (const e of $$("[data-due]")) {
      const left = Number(e.dataset.due) - at;
      put(e, left >= 0 ? `${length(left)} left` : `${length(left)} over`);
      if (left < 0) e.classList.add("over");
    }
    for (const e of $$("[data-age]")) {
      const age = at - Number(e.dataset.age);
      put(e, Math.abs(age) < 1000 ? "now" : age > 0 ? `${length(age)} ago` : `in ${length(age)}`);
    }
    if (broken && !broken.hidden) put($("#stale"), `${length(Date.now() - fresh)} ago`);
  };
  const localise = () => {
    for (const e of $$("time[data-at]")) put(e, zone.format(Number(e.dataset.at)).replace(",", ""));
    for (const e of $$("time[data-age]")) e.title = zone.format(Number(e.dataset.age));
  };

  // --- The live part: fetched after a hint, at most once a second, morphed in place --------------------------------
  let waiting = null, running = false, again = false, settle = null, round = null, last = 0, fetched = null, said = 0;
  const address = () => source + (incident ? "" : location.search);
  const busy = () => held && (live.matches(":hover") || live.contains(document.activeElement));
  const ids = (root) => $$("li.row", root).map((row) => row.id);

  // New rows wait while the pointer or the focus is in the list; rows that are there stay where they are.
  const hold = (next) => {
    const shown = new Map(ids(live).map((id, place) => [id, place]));
    const fresh = $$("li.row", next).filter((row) => !shown.has(row.id));
    for (const row of fresh) row.remove();
    for (const list of $$("ol.rows", next)) {
      const rows = [...list.children].sort((a, b) => shown.get(a.id) - shown.get(b.id));
      list.append(...rows);
    }
    return fresh.length;
  };
  const show = async (text, force) => {
    const next = new DOMParser().parseFromString(text, "text/html").body;
    const stamp = $("[data-now]", next);
    if (stamp) sync(stamp.dataset.now);
    const kept = !force && busy() ? hold(next) : 0;
    if (held) {
      held.hidden = !kept;
      put(held, `${kept} new`);
    }
    await htmx.swap({ target: live, sourceElement: live, text: next.innerHTML, swap: "innerMorph" });
    localise();
    tick();
    announce();
  };
  const announce = () => {
    const total = $("[data-count]", live);
    if (!count || !total || Date.now() - said < CALM) return;
    const text = `${total.dataset.count} open`;
    if (count.textContent !== text) { said = Date.now(); put(count, text); }
  };
  const refresh = async (force) => {
    if (running) { again = true; return; }
    running = true;
    last = Date.now();
    try {
      const answer = await fetch(address(), { headers: { accept: "text/html", "hx-request": "true" } });
      const gone = answer.headers.get("hx-redirect");
      if (gone) location.href = gone;
      else if (answer.ok) { if (counts) broken.hidden = true; fetched = await answer.text(); await show(fetched, force); }
    } catch { if (counts) broken.hidden = false; /* else the stream's banner tells */ } finally {
      running = false;
      arm();
      if (again) { again = false; hint(); }
    }
  };
  // What tells no stream of its changes says itself how soon to look again (data-again, in ms).
  const arm = () => {
    const soon = live && $("[data-again]", live);
    clearTimeout(round);
    if (soon) round = setTimeout(refresh, Number(soon.dataset.again));
  };
  const hint = () => {
    clearTimeout(settle);
    settle = setTimeout(refresh, SETTLE);
    if (waiting) return;
    waiting = setTimeout(() => { waiting = null; refresh(); }, Math.max(0, last + EVERY - Date.now()));
  };
  const listen = () => {
    const stream = new EventSource("/api/v1/stream");
    const heard = (event) => {
      if (!incident || event.type === "reset" || JSON.parse(event.data).incident_id === incident) hint();
    };
    for (const kind of ["incident", "sla", "page", "reset"]) stream.addEventListener(kind, heard);
    let lost = null;
    stream.onopen = () => { clearTimeout(lost); lost = null; broken.hidden = true; hint(); };
    stream.onerror = () => {
      lost ??= setTimeout(() => { broken.hidden = false; tick(); }, 3000);
      if (stream.readyState === EventSource.CLOSED) { stream.close(); setTimeout(listen, 5000); }
    };
    addEventListener("pagehide", () => stream.close());
    addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  };

  // --- The number beside a link of the navigation; without it the page itself tells ---------------------------------
  const badge = $("[data-badge]");
  const tally = async () => {
    try {
      const answer = await fetch(badge.dataset.badge, { headers: { accept: "text/html", "hx-request": "true" } });
      const text = answer.ok ? (await answer.text()).trim() : "";
      badge.hidden = !/^\d+$/.test(text);
      put(badge, badge.hidden ? "" : text);
    } catch { /* the next look tells */ }
  };

  // --- Acting ----------------------------------------------------------------------------------------------------
  document.addEventListener("htmx:after:request", (event) => {
    const status = event.detail.ctx.response?.status, form = $("#act");
    if (status === 200 && form && $("textarea", form)) form.reset();
    refresh();
    setTimeout(() => $("#notice")?.replaceChildren(), 6000);
  });
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      try { await navigator.clipboard.writeText($("code", copy.parentElement).textContent); put(copy, "Copied"); }
      catch { getSelection().selectAllChildren($("code", copy.parentElement)); put(copy, "Selected"); }
      setTimeout(() => put(copy, "Copy"), 2000);
    }
    if (event.target === held) { held.hidden = true; live.focus?.(); if (fetched) show(fetched, true); }
    if (event.target.closest("#keys-open")) $("#keys").showModal();
  });
  // The pointer left the list: what waits may come, but not from under a pointer on its way to the button.
  if (live && held) live.addEventListener("mouseleave", () => setTimeout(() => {
    if (!held.hidden && !busy() && !held.matches(":hover, :focus") && fetched) show(fetched, true);
  }, 1500));

  // --- Keys: off while typing, and for good if wished (WCAG 2.1.4) -------------------------------------------------
  const keysOn = $("#keys-on"), store = { get: () => { try { return localStorage.getItem("keys"); } catch { return null; } } };
  if (keysOn) {
    keysOn.checked = store.get() !== "off";
    keysOn.addEventListener("change", () => { try { localStorage.setItem("keys", keysOn.checked ? "on" : "off"); } catch { /* private mode */ } });
  }
  const move = (by) => {
    const titles = $$("a.title", live), row = document.activeElement?.closest?.("li.row");
    const place = row ? titles.findIndex((title) => row.contains(title)) + by : by > 0 ? 0 : titles.length - 1;
    const title = titles[Math.min(titles.length - 1, Math.max(0, place))];
    if (title) { title.focus(); title.scrollIntoView({ block: "nearest" }); }
  };
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    a: () => {
      const row = document.activeElement?.closest?.("li.row");
      const button = incident ? $("button.ack", live) : row && $("button.ack", row);
      // The button goes with the next refresh: keep the reader's place in the list.
      if (button) { button.click(); if (row) $("a.title", row).focus(); }
    },
    "/": () => $("#q")?.focus(),
    "?": () => $("#keys")?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, textarea, select")) { if (event.key === "Escape") event.target.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]") || !keysOn?.checked) return;
    const act = Object.hasOwn(keys, event.key) && keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  sync(document.body.dataset.now);
  localise();
  tick();
  setInterval(tick, 1000);
  if (source && !counts) listen();
  if (source) arm();
  if (badge) { tally(); setInterval(() => { if (!document.hidden) tally(); }, 60000); }
  // Tools are found while one types; the button asks the server. Without scripts all of a form is shown.
  const find = $("[data-find]");
  if (find) find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean), root = $(find.dataset.find);
    for (const item of $$("[data-name]", root)) item.hidden = !words.every((word) => item.dataset.name.toLowerCase().includes(word));
    for (const part of $$("section", root)) part.hidden = !$("[data-name]:not([hidden])", part);
    put($("#found"), `${$$("[data-name]:not([hidden])", root).length} tools`);
  });
  const way = $("#auth"), only = $("[data-when]");
  if (way && only) way.addEventListener("change", () => { only.hidden = way.value !== only.dataset.when; });
  const all = $("[data-all]"), boxes = () => $$("input[type=checkbox][name=id]");
  if (all && boxes().length) {
    all.hidden = false;
    all.addEventListener("change", () => { for (const box of boxes()) box.checked = all.checked; });
  }
})();
