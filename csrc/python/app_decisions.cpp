// Python's view of the doorbell's decisions in csrc/app: who is nearest, how near is near enough, and the vote.
#include "app_decisions.h"
#include "bind.h"

#include <nanobind/stl/vector.h>

#include "app_references.h"

namespace peephole {
namespace {

using Match = std::tuple<Owner, Distance, Distance>;

Match match_of(const ph_match &match) {
    return {owner_or_none(match.owner), distance_or_none(match.distance), distance_or_none(match.runner_up)};
}

// Every number of a policy with its name.
template <typename Visitor> void each_number(ph_policy &policy, Visitor visit) {
    visit("known_rate", policy.known_rate);
    visit("stranger_rate", policy.stranger_rate);
    visit("same_stranger_rate", policy.same_stranger_rate);
    visit("known_sightings", policy.known_sightings);
    visit("stranger_sightings", policy.stranger_sightings);
    visit("votes", policy.votes);
    visit("margin_share", policy.margin_share);
    visit("opening_faces", policy.opening_faces);
    visit("hold", policy.hold);
    visit("blink", policy.blink);
    visit("gap", policy.gap);
    visit("longest", policy.longest);
    visit("cool_down", policy.cool_down);
    visit("look", policy.look);
    visit("later_look", policy.later_look);
    visit("save", policy.save);
    visit("retry", policy.retry);
    visit("keep_looks", policy.keep_looks);
    visit("keep_stranger_looks", policy.keep_stranger_looks);
    visit("min_width", policy.min_width);
    visit("good_width", policy.good_width);
    visit("min_sharpness", policy.min_sharpness);
    visit("good_sharpness", policy.good_sharpness);
    visit("min_contrast", policy.min_contrast);
    visit("most_clipped", policy.most_clipped);
    visit("most_turned", policy.most_turned);
    visit("good_neighbours", policy.good_neighbours);
}

void make_policy(ph_policy *policy, const nb::kwargs &numbers) {
    new (policy) ph_policy{};
    each_number(*policy, [&](const char *name, auto &number) {
        using Number = std::remove_reference_t<decltype(number)>;
        if (!numbers.contains(name) || !nb::try_cast<Number>(numbers[name], number)) {
            refuse(std::string(name) + " must be a whole number that fits " + type_name<Number>());
        }
    });
}

ph_policy default_policy() {
    return PH_DEFAULT_POLICY;
}

nb::dict numbers_of(ph_policy policy) {
    nb::dict numbers;
    each_number(policy, [&](const char *name, auto &number) { numbers[name] = number; });
    return numbers;
}

std::vector<ph_calibration_point> points_of(nb::handle rates_, nb::handle distances_) {
    const auto rates = input<uint32_t>(rates_, "rates", 1);
    const auto distances = input<uint64_t>(distances_, "distances", 1);
    expect_shape(distances, "distances", rates.shape);
    std::vector<ph_calibration_point> points;
    for (int64_t i = 0; i < rates.shape[0]; i++) {
        points.push_back({rates.data[i], distances.data[i]});
    }
    return points;
}

uint32_t log2_q24(uint32_t x) {
    if (x == 0) {
        refuse("x must be above 0");
    }
    return ph_log2_q24(x);
}

uint64_t distance_at(nb::handle rates, nb::handle distances, uint32_t rate, uint32_t people) {
    const auto points = points_of(rates, distances);
    const ph_calibration calibration = {static_cast<int32_t>(points.size()), points.data()};
    uint64_t distance = 0;
    raise_unless_ok(ph_distance_at(&calibration, rate, people, &distance), "distance_at");
    return distance;
}

std::tuple<uint64_t, uint64_t, uint64_t, uint64_t> find_bars(const ph_policy &policy, nb::handle rates,
                                                             nb::handle distances, uint32_t people) {
    const auto points = points_of(rates, distances);
    const ph_calibration calibration = {static_cast<int32_t>(points.size()), points.data()};
    ph_bars bars{};
    raise_unless_ok(ph_find_bars(&policy, &calibration, people, &bars), "find_bars");
    return {bars.known, bars.stranger, bars.same_stranger, bars.margin};
}

void nearest_distances(nb::handle descriptors_, const References &references_, nb::handle out_) {
    const auto descriptors = input<int16_t>(descriptors_, "descriptors", 2);
    const auto out = output<uint64_t>(out_, "out", 2);
    const ReferenceColumns columns(references_);
    columns.expect_length(descriptors.shape[1]);
    expect_shape(out, "out", {columns.owners, descriptors.shape[0]});
    expect_apart(descriptors, "descriptors", out, "out");
    expect_apart(columns.descriptors, "references", out, "out");
    std::vector<int32_t> row(static_cast<size_t>(descriptors.shape[0]));
    for (size_t i = 0; i < row.size(); i++) {
        row[i] = static_cast<int32_t>(i);
    }
    const ph_references references = columns.references();
    call("nearest_distances", [&] {
        return ph_nearest_distances(&references, columns.owners, descriptors.side(0), row.data(), descriptors.data,
                                    out.data);
    });
}

uint64_t median(nb::handle distances_) {
    const auto distances = input<uint64_t>(distances_, "distances", 1);
    if (distances.size() == 0) {
        refuse("a median needs one distance or more");
    }
    std::vector<uint64_t> order(distances.data, distances.data + distances.size());
    return ph_median(distances.side(0), order.data());
}

Match rank(nb::handle distances_) {
    const auto distances = input<uint64_t>(distances_, "distances", 1);
    if (distances.shape[0] > static_cast<int64_t>(PH_NOBODY)) {
        refuse("there are more than 65,535 owners");
    }
    return match_of(ph_rank(distances.side(0), distances.data));
}

std::vector<int32_t> voters(nb::handle times, nb::handle values, nb::handle good, int32_t votes) {
    auto rows = LookColumns(times, values, good).rows();
    const auto count = static_cast<int32_t>(rows.size());
    const ph_looks looks = {0, count, count, rows.data(), nullptr};
    std::vector<int32_t> row(rows.size());
    row.resize(static_cast<size_t>(ph_voters(&looks, votes, row.data())));
    return row;
}

// A visit's looks before the references that they are compared with, and the memory that this takes.
struct Comparison {
    DescribedLooks described;
    ReferenceColumns columns;
    ph_looks looks;
    ph_references references;
    ph_bars bars;
    std::vector<uint64_t> scratch;

    Comparison(const LookColumns &qualities, nb::handle descriptors, const References &references_,
               const std::vector<uint64_t> &bars_)
        : described(qualities, descriptors), columns(references_), looks(described.looks()),
          references(columns.references()), bars(bars_of(bars_)),
          scratch(ph_voting_scratch_bytes(columns.owners, looks.count) / sizeof(uint64_t) + 1) {
        if (looks.count) {
            columns.expect_length(looks.values);
        }
    }
};

Verdict decide(nb::handle times, nb::handle values, nb::handle good, nb::handle descriptors,
               const References &references, const std::vector<uint64_t> &bars, const ph_policy &policy) {
    Comparison with({times, values, good}, descriptors, references, bars);
    ph_decision found{};
    call("decide", [&] {
        return ph_decide(&with.looks, &with.references, with.columns.owners, &with.bars, &policy, with.scratch.data(),
                         &found);
    });
    return verdict_of(found);
}

Match same_stranger(nb::handle times, nb::handle values, nb::handle good, nb::handle descriptors,
                    const References &references, const std::vector<uint64_t> &bars, const ph_policy &policy) {
    Comparison with({times, values, good}, descriptors, references, bars);
    ph_match found{};
    call("same_stranger", [&] {
        return ph_same_stranger(&with.looks, &with.references, with.columns.owners, &with.bars, &policy,
                                with.scratch.data(), &found);
    });
    return match_of(found);
}

} // namespace

void bind_app_decisions(nb::module_ &m) {
    using nb::literals::operator""_a;
    nb::class_<ph_policy>(m, "Policy", "The numbers of a policy as whole numbers, all by name; see csrc/app/policy.h.")
        .def("__init__", &make_policy)
        .def_static("default", &default_policy, "What the macro PH_DEFAULT_POLICY says.")
        .def("numbers", &numbers_of, "All numbers by name.");
    m.def("log2_q24", &log2_q24, "x"_a, "log2(x) in Q24 for x above 0.");
    m.def("distance_at", &distance_at, "rates"_a, "distances"_a, "rate"_a, "people"_a,
          "The distance of a rate (1e-9) that so many people share, by points of rates [N] and distances [N].");
    m.def("find_bars", &find_bars, "policy"_a, "rates"_a, "distances"_a, "people"_a,
          "The bars known, stranger, same_stranger and margin for so many people.");
    m.def("nearest_distances", &nearest_distances, "descriptors"_a, "references"_a, "out"_a,
          "Squared distances from descriptors [L,D] to the nearest of each owner's references, into out [O,L].");
    m.def("median", &median, "distances"_a, "The larger middle one of distances [N].");
    m.def("rank", &rank, "distances"_a, "The nearest owner of distances [O], its distance and the next one's.");
    m.def("voters", &voters, "times"_a, "values"_a, "good"_a, "votes"_a,
          "The rows of the looks that vote, best first.");
    m.def("decide", &decide, "times"_a, "values"_a, "good"_a, "descriptors"_a, "references"_a, "bars"_a, "policy"_a,
          "Kind, reason, person, nearest, distance and margin of the looks of a visit.");
    m.def("same_stranger", &same_stranger, "times"_a, "values"_a, "good"_a, "descriptors"_a, "references"_a, "bars"_a,
          "policy"_a, "The stranger within the bar, the distance, and the next one's.");
}

} // namespace peephole
