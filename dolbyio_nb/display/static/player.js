/* Turns the players of one comparison into one with a switch. All run together and only the chosen one is
   heard, so that a switch keeps the position. Without this script each has its own controls.
   Where a page was moved away from its files, the sentence inside each player takes its place. */
(() => {
  /* JupyterLab takes arrows and the space bar from whatever lacks this mark. */
  const keeps_keys = (element) => element.setAttribute("data-lm-suppress-shortcuts", "true");
  const make = (name, properties = {}) => Object.assign(document.createElement(name), properties);

  function set_up(root) {
    root.dataset.ready = "";
    const lanes = [...root.querySelectorAll(".lane")];
    const sounds = lanes.map((lane) => lane.querySelector("audio, video"));
    if (sounds.includes(null)) return;
    const gains = lanes.map((lane) => 10 ** (Number(lane.dataset.gain || 0) / 20));
    const group = "dolby-" + Math.random().toString(36).slice(2);
    const stage = make("div", { className: "stage" });
    const media = make("div", { className: "media" });
    const equal = make("input", { type: "checkbox" });
    let chosen = 0;
    let volume = 1;

    const now = () => sounds[chosen];
    const others = () => sounds.filter((sound) => sound !== now());
    const gain = () => (equal.checked ? gains[chosen] : 1);
    const follow = (sound, slack) => {
      if (Math.abs(sound.currentTime - now().currentTime) > slack) sound.currentTime = now().currentTime;
      sound.playbackRate = now().playbackRate;
    };
    const loud = () => sounds.forEach((sound, i) => {
      sound.muted = i !== chosen;
      if (i === chosen) sound.volume = Math.min(1, volume * gain());
    });

    const heads = lanes.map((lane) => {
      const head = make("div", { className: "playhead" });
      lane.querySelector(".canvas").append(head);
      return head;
    });
    const mark = () => heads.forEach((head) => {
      head.style.left = `${100 * Math.min(1, now().currentTime / Number(root.dataset.seconds))}%`;
    });
    const run = () => {
      mark();
      if (root.isConnected && !now().paused) requestAnimationFrame(run);
    };

    function choose(index) {
      const before = now();
      chosen = index;
      lanes.forEach((lane, i) => lane.toggleAttribute("data-chosen", i === index));
      sounds.forEach((sound, i) => { sound.hidden = i !== index; sound.style.display = i === index ? "" : "none"; });
      if (before !== now()) {
        if (Math.abs(now().currentTime - before.currentTime) > 0.02) now().currentTime = before.currentTime;
        now().playbackRate = before.playbackRate;
        if (!before.paused) now().play().catch(() => {});
      }
      loud();
      mark();
    }

    sounds.forEach((sound, i) => {
      const mine = (action) => () => { if (i === chosen) action(); };
      sound.addEventListener("play", mine(() => {
        others().forEach((other) => { follow(other, 0.02); other.play().catch(() => {}); });
        run();
      }));
      sound.addEventListener("pause", mine(() => others().forEach((other) => other.pause())));
      sound.addEventListener("seeking", mine(() => { others().forEach((other) => follow(other, 0.02)); mark(); }));
      sound.addEventListener("ratechange", mine(() => others().forEach((other) => follow(other, 0.02))));
      sound.addEventListener("timeupdate", mine(() => { others().forEach((other) => follow(other, 0.15)); mark(); }));
      sound.addEventListener("volumechange", mine(() => {
        if (sound.muted) return;
        volume = Math.min(1, sound.volume / gain());
      }));
      media.append(sound);
      keeps_keys(sound);

      const radio = make("input", { type: "radio", name: group, checked: i === 0 });
      keeps_keys(radio);
      radio.addEventListener("change", () => choose(i));
      if (sounds.length > 1) {
        const label = lanes[i].querySelector(".label");
        const line = make("label");
        line.append(radio, ...label.childNodes);
        label.append(line);
      }
      lanes[i].addEventListener("click", (event) => {
        const place = event.target.closest(".canvas");
        if (!place) return;
        const box = place.getBoundingClientRect();
        now().currentTime = ((event.clientX - box.left) / box.width) * Number(root.dataset.seconds);
        radio.checked = true;
        choose(i);
      });
    });

    equal.addEventListener("change", loud);
    stage.append(media);
    keeps_keys(equal);
    if (gains.some((value) => value !== 1)) {
      const line = make("label", { title: "Turns the louder ones down to the quietest, so that loudness does not decide." });
      line.append(equal, "equal loudness");
      stage.append(line);
    }
    const switches = root.querySelector(".lanes");
    if (sounds.length > 1) {
      switches.setAttribute("role", "radiogroup");
      switches.setAttribute("aria-label", "What is heard");
    }
    switches.before(stage);
    choose(0);
  }

  function watch(player) {
    player.dataset.watched = "";
    const note = make("span", { className: "note", textContent: player.textContent });
    const place = player.parentElement;
    const miss = () => { if (note.textContent && !note.isConnected) place.append(note); player.dataset.missing = ""; };
    player.addEventListener("error", miss);
    if (player.error) miss();
  }

  document.querySelectorAll(".dolby-sound :is(audio, video):not([data-watched])").forEach(watch);
  document.querySelectorAll("[data-dolby-switch]:not([data-ready])").forEach(set_up);

  /* marimo gives what has a script a frame of its own, 400 pixels high: let it be as high as the card. */
  const [frame, card] = [window.frameElement, document.querySelector("body > .dolby-sound")];
  if (frame && card && !document.querySelector("body > :not(style, script, .dolby-sound)")) {
    const fit = () => { frame.style.height = `${card.offsetTop + card.offsetHeight + 10}px`; };
    new ResizeObserver(fit).observe(card);
  }
})();
