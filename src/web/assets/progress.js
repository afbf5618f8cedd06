// Shows how far a run is, as the server tells it. Without scripts the page is loaded again instead.
for (const box of document.querySelectorAll("[data-progress]")) {
  const events = new EventSource(box.dataset.progress);
  const bar = box.querySelector("progress");
  const text = box.querySelector("span");
  events.addEventListener("running", (event) => {
    const { done, total, text: told } = JSON.parse(event.data);
    if (total > 0) [bar.max, bar.value, text.textContent] = [total, done, told];
  });
  events.addEventListener("ended", () => {
    events.close();
    location.reload();
  });
}
