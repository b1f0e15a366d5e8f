const rows = document.getElementById("rows");

async function refresh() {
  rows.innerHTML = await callApp("GET", "api/stale");
  fit();
}

rows.addEventListener("click", async (event) => {
  const key = event.target.dataset.remind;
  if (!key) return;
  event.target.disabled = true;
  try {
    await callApp("POST", "api/remind", { key });
    say("A comment on " + key + " was added in your name.");
    await refresh();
  } catch (error) {
    event.target.disabled = false;
    say(error.message, true);
  }
});

// Webhooks keep the app's list fresh; the page looks at it when it is looked at.
document.addEventListener("visibilitychange", () => document.hidden || refresh().catch(() => {}));
setInterval(() => document.hidden || refresh().catch(() => {}), 15000);
