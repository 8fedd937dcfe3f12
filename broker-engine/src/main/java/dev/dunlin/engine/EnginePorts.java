package dev.dunlin.engine;

import dev.dunlin.engine.port.AccessChanges;
import dev.dunlin.engine.port.Authenticator;
import dev.dunlin.engine.port.EnhancedAuthentication;
import dev.dunlin.engine.port.Incidents;
import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.MessageTaps;
import dev.dunlin.engine.port.Presence;
import dev.dunlin.engine.port.Tenants;
import dev.dunlin.engine.port.Usage;

/** All that the engine asks of the world around it. */
public record EnginePorts(
        Authenticator authenticator,
        EnhancedAuthentication enhancedAuthentication,
        AccessChanges accessChanges,
        Incidents incidents,
        Presence presence,
        Usage usage,
        MessageTaps taps,
        MessageStore store,
        Tenants tenants) {}
