// Drives a sandbox with Dolby's own Node client, untouched: its hosts are rewritten where it hands a request
// to https. Prints a line of JSON for each operation. Run in a directory with in.wav; NODE_PATH finds the client.
'use strict';

const fs = require('fs');
const http = require('http');
const https = require('https');
const path = require('path');

const { ORIGIN, APP_KEY, APP_SECRET, HOOK } = process.env;
const BODIES = JSON.parse(fs.readFileSync(path.join(__dirname, 'jobs.json')));
// The client sends its webhook calls to api.millicast.com, which does not serve them; here they arrive.
const HOSTS = ['api.dolby.io', 'api.dolby.com', 'api.millicast.com'];

function rewritten(options) {
    if (HOSTS.includes(options.hostname)) return new URL(ORIGIN + options.path);
    // The client takes "https://" off a presigned URL; what is left of one of the sandbox is "http:" as host.
    if (options.hostname === 'http:') return new URL(`http:${options.path}`);
    throw new Error(`the client wants to reach ${options.hostname}`);
}

https.request = (target, options, callback) => {
    if (typeof target === 'string') return http.request(target, options, callback);
    const { method, headers } = target;
    return http.request(rewritten(target), { method, headers }, options);
};

const { media, version } = require('@dolbyio/dolbyio-rest-apis-client');
const KINDS = {
    '/media/enhance': [media.enhance.start, media.enhance.getResults],
    '/media/diagnose': [media.diagnose.start, media.diagnose.getResults],
    '/media/analyze': [media.analyze.start, media.analyze.getResults],
    '/media/analyze/speech': [media.analyzeSpeech.start, media.analyzeSpeech.getResults],
    '/media/analyze/music': [media.analyzeMusic.start, media.analyzeMusic.getResults],
    '/media/transcode': [media.transcode.start, media.transcode.getResults],
    '/media/master': [media.mastering.start, media.mastering.getResults],
    '/media/master/preview': [media.mastering.startPreview, media.mastering.getPreviewResults],
};

const passed = (operation, condition, about) =>
    console.log(JSON.stringify([operation, Boolean(condition), JSON.stringify(about) || '']));

async function refused(operation, call, status) {
    try {
        passed(operation, false, await call);
    } catch (error) {
        passed(operation, String(error).includes(`response code ${status}`), String(error));
    }
}

async function ended(results, token, id) {
    for (let turn = 0; turn < 300; turn++) {
        const answer = await results(token, id);
        if (!['Pending', 'Running'].includes(answer.status)) return answer;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return null;
}

async function main() {
    passed('version', true, version);
    const logIn = media.authentication.getApiAccessToken;
    const token = await logIn(APP_KEY, APP_SECRET, 600);
    passed('token', token.access_token && token.token_type === 'Bearer' && token.expires_in === 600);
    await refused('wrong secret', logIn(APP_KEY, 'wrong'), 401);
    await refused('wrong token', media.jobs.list({ access_token: 'wrong' }, {}), 401);

    const url = await media.io.getUploadUrl(token, 'dlb://in.wav');
    passed('upload URL', url.startsWith('http'));
    await media.io.uploadFile(token, 'dlb://in.wav', 'in.wav');
    await media.io.downloadFile(token, 'dlb://in.wav', 'again.wav');
    passed('upload and download', fs.readFileSync('again.wav').equals(fs.readFileSync('in.wav')));

    const hook = await media.webhooks.registerWebhook(token, HOOK, { 'X-Judge': 'node' });
    passed('register webhook', hook.startsWith('webhook-'));
    await media.webhooks.updateWebhook(token, { webhookId: hook, url: HOOK, headers: { 'X-Judge': 'updated' } });
    const shown = await media.webhooks.retrieveWebhook(token, hook);
    passed('retrieve webhook', shown.callback.url === HOOK, shown);

    const started = {};
    for (const [kind, [start]] of Object.entries(KINDS)) {
        started[kind] = await start(token, JSON.stringify(BODIES[kind]));
    }
    for (const [kind, id] of Object.entries(started)) {
        const answer = await ended(KINDS[kind][1], token, id);
        passed(kind, answer && answer.status === 'Success' && answer.progress === 100, answer);
    }
    await media.io.downloadFile(token, 'dlb://music.json', 'music.json');
    passed('download a result', 'processed_region' in JSON.parse(fs.readFileSync('music.json')));

    const failing = await media.diagnose.start(token, JSON.stringify({ input: 'dlb://none.wav' }));
    const answer = await ended(media.diagnose.getResults, token, failing);
    passed('failed job', answer && answer.status === 'Failed' && answer.error.title, answer);
    await media.jobs.cancel(token, failing);
    passed('cancel', true);
    const listed = await media.jobs.listAll(token, { status: 'Success' });
    const ids = listed.map((job) => job.job_id).sort();
    passed('list jobs', JSON.stringify(ids) === JSON.stringify(Object.values(started).sort()), listed);
    await refused('unknown job', media.diagnose.getResults(token, 'unknown'), 404);
    await refused('bad request', media.diagnose.start(token, '{'), 400);
    passed('delete webhook', (await media.webhooks.deleteWebhook(token, hook)) === hook);
}

// The client leaves the answer to its upload unread, which would keep the process alive until the server hangs up.
main().then(
    () => process.exit(0),
    (error) => {
        console.error(error);
        process.exit(1);
    },
);
