using System.Text.Json.Nodes;
using ViSurf.Core.Reporting.Charts;
using ViSurf.Core.Reporting.Gallery;
using ViSurf.Core.Training.Checkpoints;

namespace ViSurf.Core.Reporting;

/// <summary>What a report knows of its run, as a checkpoint holds it: some hundred kilobytes of numbers, and the groups of its gallery with their small pictures.</summary>
internal sealed record SavedRecord(
    string Format, DateTimeOffset Started, long? Latest, RunTotals Totals, SavedTimeline Steps, SavedTimeline Evaluation, SavedGallery Gallery, SavedWarnings Warnings)
{
    public const string Current = "ViSurf.Core report 1";

    public JsonNode ToJson() => WatcherJson.Write(this);

    /// <exception cref="InvalidDataException">It is of another format, or broken.</exception>
    public static SavedRecord Of(JsonNode? json)
    {
        var record = WatcherJson.Read<SavedRecord>(json, "the record of a report", Current);
        WatcherJson.Whole(record.Gallery.Earlier, "stretches of groups");
        WatcherJson.Whole([.. record.Gallery.Earlier.Select(stretch => stretch.Value), .. record.Gallery.Latest], "groups");
        WatcherJson.Whole(record.Warnings.Kept, "warnings");
        return record;
    }
}
