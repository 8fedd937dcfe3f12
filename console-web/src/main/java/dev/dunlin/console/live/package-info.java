/**
 * Live: the page that is an MQTT client itself, and the short-lived token it logs in with. The client runs in the browser; the
 * server's part is to say who may have a token.
 */
@NullMarked
package dev.dunlin.console.live;

import org.jspecify.annotations.NullMarked;
