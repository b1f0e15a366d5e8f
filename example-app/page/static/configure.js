document.getElementById("settings").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await callApp("POST", "api/settings", { days: document.getElementById("days").valueAsNumber });
    say("Saved.");
  } catch (error) {
    say(error.message, true);
  }
});
