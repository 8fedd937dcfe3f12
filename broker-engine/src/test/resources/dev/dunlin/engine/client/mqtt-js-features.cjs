// What is new in MQTT 5, as MQTT.js offers it to an application.
// Arguments: folder of the mqtt package, URL, CA file, user name, password
'use strict';
const assert = require('assert');
const fs = require('fs');
const [mqttFolder, url, caFile, username, password] = process.argv.slice(2);
const mqtt = require(mqttFolder);
const root = url.split(':')[0];

function options(clientId, more) {
    return {
        protocolVersion: 5,
        ca: fs.readFileSync(caFile),
        reconnectPeriod: 0,
        connectTimeout: 10000,
        username,
        password,
        clientId: clientId && `${root}-${clientId}`,
        ...more,
    };
}

function remember(client) {
    const packets = [];
    let wake = () => {};
    client.on('message', (topic, payload, packet) => {
        packets.push({ topic, payload: payload.toString(), qos: packet.qos, retain: packet.retain, properties: packet.properties });
        wake();
    });
    client.next = async () => {
        while (packets.length === 0) {
            await new Promise((resolve) => (wake = resolve));
        }
        return packets.shift();
    };
    client.on('connect', (connack) => (client.connack = connack));
    return client;
}

async function connect(clientId, more) {
    const client = remember(mqtt.connect(url, options(clientId, more)));
    await new Promise((resolve, reject) => client.once('connect', resolve).once('error', reject));
    return client;
}

const features = {
    async 'properties of a message and number of the subscription'() {
        const client = await connect('js-properties');
        await client.subscribeAsync(`${root}/properties`, { qos: 2, properties: { subscriptionIdentifier: 12 } });
        for (const qos of [0, 1, 2]) {
            const properties = {
                payloadFormatIndicator: true,
                contentType: 'text/plain',
                responseTopic: 'plant/answers',
                correlationData: Buffer.from([0, 255]),
                messageExpiryInterval: 3600,
                userProperties: { unit: ['Celsius', '°C'] },
            };
            await client.publishAsync(`${root}/properties`, '72.5', { qos, properties });
            const message = await client.next();
            assert.strictEqual(message.payload, '72.5');
            assert.strictEqual(message.properties.payloadFormatIndicator, true);
            assert.strictEqual(message.properties.contentType, 'text/plain');
            assert.strictEqual(message.properties.responseTopic, 'plant/answers');
            assert.deepStrictEqual(message.properties.correlationData, Buffer.from([0, 255]));
            assert.ok(message.properties.messageExpiryInterval <= 3600);
            assert.deepStrictEqual([...message.properties.userProperties.unit], ['Celsius', '°C']);
            assert.strictEqual(message.properties.subscriptionIdentifier, 12);
        }
        await client.endAsync();
    },

    async 'aliases both ways'() {
        const client = await connect('js-aliases', { autoAssignTopicAlias: true, properties: { topicAliasMaximum: 5 } });
        await client.subscribeAsync(`${root}/aliases/#`, { qos: 1 });
        for (let i = 0; i < 300; i++) {
            const topic = `${root}/aliases/${i % 80}`;
            await client.publishAsync(topic, String(i), { qos: i % 2 });
            const message = await client.next();
            assert.deepStrictEqual([message.topic, message.payload], [topic, String(i)]);
        }
        await client.endAsync();
    },

    async 'a session and its queue'() {
        const keeping = { clean: false, properties: { sessionExpiryInterval: 3600 } };
        const client = await connect('js-session', keeping);
        assert.strictEqual(client.connack.sessionPresent, false);
        await client.subscribeAsync(`${root}/session`, { qos: 2 });
        await client.endAsync();
        const publisher = await connect('js-pub');
        await publisher.publishAsync(`${root}/session`, 'at 1', { qos: 1 });
        await publisher.publishAsync(`${root}/session`, 'at 2', { qos: 2 });
        const again = await connect('js-session', keeping);
        assert.strictEqual(again.connack.sessionPresent, true);
        assert.strictEqual((await again.next()).payload, 'at 1');
        assert.strictEqual((await again.next()).payload, 'at 2');
        await again.endAsync();
        await publisher.endAsync();
    },

    async 'a will with properties after its delay'() {
        const watcher = await connect('js-watcher');
        await watcher.subscribeAsync(`${root}/alarm`, { qos: 1 });
        const properties = { willDelayInterval: 1, contentType: 'text/plain', userProperties: { severity: 'high' } };
        const doomed = await connect('js-doomed', {
            properties: { sessionExpiryInterval: 3600 },
            will: { topic: `${root}/alarm`, payload: 'gone', qos: 1, properties },
        });
        doomed.on('error', () => {});
        doomed.stream.destroy();
        const will = await watcher.next();
        assert.strictEqual(will.payload, 'gone');
        assert.strictEqual(will.properties.contentType, 'text/plain');
        assert.strictEqual(will.properties.userProperties.severity, 'high');
        await watcher.endAsync();
    },

    async 'options of a subscription'() {
        const client = await connect('js-options');
        const other = await connect('js-other');
        await other.publishAsync(`${root}/options/state`, 'kept', { qos: 1, retain: true });
        await client.subscribeAsync(`${root}/options/#`, { qos: 1, nl: true, rap: true, rh: 2 });
        await client.publishAsync(`${root}/options/own`, 'mine', { qos: 1 });
        await other.publishAsync(`${root}/options/state`, 'new', { qos: 1, retain: true });
        const message = await client.next();
        assert.deepStrictEqual([message.payload, message.retain], ['new', true]);
        await client.endAsync();
        await other.endAsync();
    },

    async 'a shared subscription'() {
        const members = [await connect('js-member-1'), await connect('js-member-2')];
        const jobs = [];
        for (const member of members) {
            member.on('message', (topic, payload) => jobs.push(payload.toString()));
            await member.subscribeAsync(`$share/workers/${root}/jobs`, { qos: 1 });
        }
        const publisher = await connect('js-pub');
        for (let i = 0; i < 10; i++) {
            await publisher.publishAsync(`${root}/jobs`, String(i), { qos: 1 });
        }
        for (let i = 0; i < 5; i++) {
            await Promise.all(members.map((member) => member.next()));
        }
        assert.deepStrictEqual(jobs.sort(), ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        await Promise.all([publisher, ...members].map((client) => client.endAsync()));
    },

    async 'limits of the client'() {
        const client = await connect('js-limits', { properties: { receiveMaximum: 1, maximumPacketSize: 200 } });
        await client.subscribeAsync(`${root}/limits`, { qos: 1 });
        const publisher = await connect('js-pub');
        for (const payload of ['one', 'x'.repeat(300), 'two', 'three']) {
            await publisher.publishAsync(`${root}/limits`, payload, { qos: 1 });
        }
        for (const payload of ['one', 'two', 'three']) {
            assert.strictEqual((await client.next()).payload, payload);
        }
        await client.endAsync();
        await publisher.endAsync();
    },

    async 'reasons of a refusal'() {
        const client = await connect('js-refused');
        await assert.rejects(client.publishAsync('$SYS/own', 'no', { qos: 1 }), { code: 0x87 });
        const puback = await new Promise((resolve) => {
            client.on('packetreceive', (packet) => packet.cmd === 'puback' && resolve(packet));
            client.publish('$SYS/own', 'no', { qos: 1 }, () => {});
        });
        assert.match(puback.properties.reasonString, /server/);
        await assert.rejects(connect('js-stranger', { password: 'wrong' }), { code: 0x86 });
        await client.endAsync();
    },

    async 'an assigned Client Identifier'() {
        const client = await connect('');
        assert.ok(client.connack.properties.assignedClientIdentifier);
        await client.endAsync();
    },

    async 'a DISCONNECT of the server'() {
        const client = await connect('js-taken');
        const told = new Promise((resolve) => client.once('disconnect', resolve));
        const taker = await connect('js-taken');
        assert.strictEqual((await told).reasonCode, 0x8e);
        await taker.endAsync();
    },
};

setTimeout(() => {
    console.error('Took too long');
    process.exit(1);
}, 15000).unref();

(async () => {
    for (const [name, feature] of Object.entries(features)) {
        await feature();
        console.log(name);
    }
    process.exit(0);
})().catch((error) => {
    console.error(error);
    process.exit(1);
});
