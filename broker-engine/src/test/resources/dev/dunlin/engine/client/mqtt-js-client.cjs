// MQTT.js against the broker, one version of MQTT after the other.
// Arguments: folder of the mqtt package, URL, CA file, user name, password
'use strict';
const assert = require('assert');
const fs = require('fs');
const [mqttFolder, url, caFile, username, password] = process.argv.slice(2);
const mqtt = require(mqttFolder);

const versions = [
    { name: 'MQTT 3.1', protocolVersion: 3, protocolId: 'MQIsdp' },
    { name: 'MQTT 3.1.1', protocolVersion: 4, protocolId: 'MQTT' },
    { name: 'MQTT 5', protocolVersion: 5, protocolId: 'MQTT' },
];

async function connect(version, clientId, will) {
    const client = await mqtt.connectAsync(url, {
        protocolVersion: version.protocolVersion,
        protocolId: version.protocolId,
        ca: fs.readFileSync(caFile),
        reconnectPeriod: 0,
        connectTimeout: 10000,
        username,
        password,
        clientId,
        will,
    });
    const messages = [];
    let wake = () => {};
    client.on('message', (topic, payload, packet) => {
        messages.push({ topic, payload: payload.toString(), qos: packet.qos, retain: packet.retain });
        wake();
    });
    client.next = async () => {
        while (messages.length === 0) {
            await new Promise((resolve) => (wake = resolve));
        }
        return messages.shift();
    };
    return client;
}

async function run(version) {
    const root = `${version.name}/${url.split(':')[0]}`;
    const subscriber = await connect(version, 'js-sub');
    const publisher = await connect(version, 'js-pub', { topic: `${root}/alarm/pub`, payload: 'gone', qos: 1 });
    await subscriber.subscribeAsync(`${root}/plant/+/temperature`, { qos: 2 });
    await subscriber.subscribeAsync(`${root}/alarm/#`, { qos: 1 });
    await publisher.subscribeAsync(`${root}/commands`, { qos: 2 });
    for (const qos of [0, 1, 2]) {
        const topic = `${root}/plant/boiler/temperature`;
        await publisher.publishAsync(topic, `at ${qos}`, { qos });
        assert.deepStrictEqual(await subscriber.next(), { topic, payload: `at ${qos}`, qos, retain: false });
        await subscriber.publishAsync(`${root}/commands`, `do ${qos}`, { qos });
        assert.deepStrictEqual(await publisher.next(), { topic: `${root}/commands`, payload: `do ${qos}`, qos, retain: false });
    }
    const large = 'x'.repeat(200000);
    await publisher.publishAsync(`${root}/commands`, large, { qos: 1 });
    assert.strictEqual((await publisher.next()).payload, large);
    await publisher.publishAsync(`${root}/state`, 'running', { qos: 1, retain: true });
    await subscriber.subscribeAsync(`${root}/state/#`, { qos: 1 });
    assert.deepStrictEqual(await subscriber.next(), { topic: `${root}/state`, payload: 'running', qos: 1, retain: true });
    publisher.stream.destroy();
    assert.deepStrictEqual(await subscriber.next(), { topic: `${root}/alarm/pub`, payload: 'gone', qos: 1, retain: false });
    await subscriber.endAsync();
    console.log(`${version.name} passed`);
}

setTimeout(() => {
    console.error('Took too long');
    process.exit(1);
}, 15000).unref();

(async () => {
    for (const version of versions) {
        await run(version);
    }
    process.exit(0);
})().catch((error) => {
    console.error(error);
    process.exit(1);
});
