"""The doorbell on an MQTT broker: what happens is published, a bell and a lock may be commanded; docs/mqtt.md."""
