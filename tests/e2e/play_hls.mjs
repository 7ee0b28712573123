// Plays a playlist to its end with hls.js in a browser and prints the player's own counters as JSON.
// Usage: node play_hls.mjs PLAYLIST_URL BROWSER_PATH
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [url, executablePath] = process.argv.slice(2);
const PLAY_MS = 60_000;
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
});
try {
  const page = await browser.newPage();
  await page.setContent("<video muted></video>");
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve("hls.js") });
  const counters = await page.evaluate(
    ([source, milliseconds]) =>
      new Promise((resolve) => {
        const video = document.querySelector("video");
        const seen = { fragments: 0, errors: [], sizes: [], ended: false };
        const finish = () => {
          const quality = video.getVideoPlaybackQuality();
          resolve({
            ...seen,
            duration: video.duration,
            position: video.currentTime,
            width: video.videoWidth,
            frames: quality.totalVideoFrames,
            dropped: quality.droppedVideoFrames,
            corrupted: quality.corruptedVideoFrames,
          });
        };
        const player = new Hls();
        player.on(Hls.Events.FRAG_BUFFERED, () => (seen.fragments += 1));
        player.on(Hls.Events.ERROR, (_, error) => {
          seen.errors.push({ details: error.details, position: video.currentTime });
          if (error.fatal) finish();
        });
        video.addEventListener("resize", () => {
          seen.sizes.push({ width: video.videoWidth, height: video.videoHeight, position: video.currentTime });
        });
        video.addEventListener("ended", () => {
          seen.ended = true;
          finish();
        });
        setTimeout(finish, milliseconds);
        player.loadSource(source);
        player.attachMedia(video);
        video.play();
      }),
    [url, PLAY_MS],
  );
  console.log(JSON.stringify(counters));
} finally {
  await browser.close();
}
