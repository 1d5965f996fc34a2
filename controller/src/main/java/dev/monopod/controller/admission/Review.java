package dev.monopod.controller.admission;

import com.fasterxml.jackson.databind.JsonNode;

/// One question of the API server.
///
/// @param uid to be repeated in the answer
/// @param namespace empty for cluster-scoped objects
/// @param object the object as it would be stored
record Review(String uid, String namespace, JsonNode object) {}
