"use strict";

// Where the diagram's lines run: places in the order in which packets come by them, from the client to
// the server.

const lanes = (() => {
  const keyOf = (place) => `${place.netns}\n${place.name}`;

  const ofReplies = "\nreplies";

  function find(lanes, place, isReply) {
    const key = keyOf(place);
    const own = isReply ? lanes.findIndex((lane) => lane.key === key + ofReplies) : -1;
    return own >= 0 ? own : lanes.findIndex((lane) => lane.key === key);
  }

  // Lanes for these packets; answers come by in reverse.
  function order(packets) {
    const result = [];
    for (const packet of packets) {
      const places = packet.stops.map((stop) => stop.place);
      if (packet.isReply) places.reverse();
      let position = -1;
      for (const place of places) {
        const known = find(result, place, packet.isReply);
        // hooks come in the same order in both directions: an answer's may need a line of its own
        const isOther = place.hook && packet.isReply && known < position && known >= 0;
        if (known >= 0 && !isOther) {
          position = known;
        } else {
          position = roomFor(place, position, result);
          const key = keyOf(place) + (isOther ? ofReplies : "");
          result.splice(position, 0, { key, place, isTunnel: false });
        }
      }
      for (const stop of packet.stops) {
        if (stop.acts.some((act) => act.do === "encap" || act.do === "decap")) {
          result[find(result, stop.place, packet.isReply)].isTunnel = true;
        }
      }
    }
    return result;
  }

  // After the place before, but with the others of its namespace.
  function roomFor(place, position, lanes) {
    const first = lanes.findIndex((lane) => lane.place.netns === place.netns);
    const last = lanes.findLastIndex((lane) => lane.place.netns === place.netns);
    if (first >= 0) return Math.min(last + 1, Math.max(first, position + 1));
    let room = position + 1;
    while (room > 0 && room < lanes.length
      && lanes[room].place.netns === lanes[room - 1].place.netns) room += 1;
    return room;
  }

  // Neighbours in one namespace.
  function groups(lanes) {
    const result = [];
    lanes.forEach((lane, i) => {
      const last = result.at(-1);
      if (last && last.netns === lane.place.netns) last.end = i;
      else result.push({ netns: lane.place.netns, begin: i, end: i });
    });
    return result;
  }

  // A packet's stops in runs that go one way; one that turns round begins another run.
  function runs(packet, lanes) {
    const stops = packet.stops.map((stop) => ({
      ...stop, lane: find(lanes, stop.place, packet.isReply),
    }));
    const result = [];
    let run = { step: packet.isReply ? -1 : 1, stops: [] };
    for (const stop of stops) {
      const last = run.stops.at(-1);
      const step = last ? Math.sign(stop.lane - last.lane) : 0;
      if (step !== 0 && step !== run.step) {
        if (run.stops.length > 1) {
          result.push(run);
          run = { step, stops: [{ ...last, acts: [], isTurn: true }] };
        } else {
          run.step = step;
        }
      }
      run.stops.push(stop);
    }
    result.push(run);
    return result;
  }

  return { order, groups, runs };
})();
