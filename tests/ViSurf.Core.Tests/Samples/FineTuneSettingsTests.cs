using FineTune;
using FineTune.Settings;
using FluentAssertions;
using Samples.Shared;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Samples;

public sealed class FineTuneSettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("visurf-settings-").FullName;

    public static TheoryData<string> Files => [.. Directory.GetFiles(Path.Combine(Assets.Repository, "samples", "FineTune", "settings"), "*.json").Select(path => Path.GetFileName(path))];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_of_the_sample_can_be_read(string file)
    {
        var settings = SettingsFile.Read(Path.Combine(Assets.Repository, "samples", "FineTune", "settings", file));
        Method.Of(settings, RewardNames.All[settings.Rewards](840)).Options.PromptsPerStep.Should().Be(16);
    }

    [Fact]
    public void All_mistakes_are_said_at_once_each_with_its_key()
    {
        var read = () => Read("""
            { "model": 3, "method": "visurff", "training": { "steps": 0, "learnRate": 1 }, "evaluation": { "every": 5 },
              "data": { "train": [{ "file": "a.jsonl" }, { "weight": 0 }] }, "lora": { "rank": "x" }, "frozen": true }
            """);
        var lines = read.Should().Throw<InvalidDataException>().Which.Message.Split(Environment.NewLine);
        lines[0].Should().EndWith("10 settings to mend:");
        lines.Skip(1).Select(line => line.Trim().Split(':')[0]).Should().BeEquivalentTo(
            "model", "output", "method", "training.steps", "training.learnRate", "data.heldOut", "data.train[1].file", "data.train[1].weight", "lora.rank", "frozen");
    }

    [Fact]
    public void Columns_are_names_lists_of_names_or_an_empty_list_for_none()
    {
        var source = Read("""
            { "model": "m", "output": "o", "data": { "train": [{ "file": "a.jsonl", "markers": "text", "picturesWithin": "..",
              "columns": { "id": [], "images": [], "question": ["q", "query"], "answer": "gt", "width": null } }] } }
            """).Data.Train[0];
        source.Columns.Should().HaveCount(4);
        source.Columns["id"].Should().BeEmpty();
        source.Columns["question"].Should().Equal("q", "query");
        source.Columns["answer"].Should().Equal("gt");
        (source.MarkersAsText, source.PicturesWithin).Should().Be((true, Path.GetDirectoryName(_folder)));
        var read = () => Read("""{ "model": "m", "output": "o", "data": { "train": [{ "file": "a.jsonl", "columns": { "id": "", "images": [1], "question": {} } }] } }""");
        read.Should().Throw<InvalidDataException>().Which.Message.Split(Environment.NewLine).Skip(1)
            .Select(line => line.Trim().Split(':')[0])
            .Should().Equal("data.train[0].columns.id", "data.train[0].columns.images", "data.train[0].columns.question");
    }

    [Fact]
    public void What_is_no_JSON_is_said_with_its_line()
        => ((Action)(() => Read("{\n \"model\": }"))).Should().Throw<InvalidDataException>().WithMessage("*line 2*");

    [Fact]
    public void Numbers_of_the_settings_replace_those_of_the_method_and_the_rest_stay()
    {
        var settings = Read("""
            { "model": "m", "output": "o", "method": "DAPO", "data": { "train": [{ "file": "a.jsonl" }] },
              "training": { "steps": 10, "groupSize": 4, "learningRate": 1e-3, "schedule": "linear", "warmUp": 2 } }
            """);
        var recipe = Method.Of(settings, RewardNames.All[settings.Rewards](840));
        recipe.Options.GroupSize.Should().Be(4);
        recipe.Options.MaxNewTokens.Should().Be(Recipes.Dapo.Options.MaxNewTokens);
        recipe.Clip.Should().Be(Recipes.Dapo.Clip);
        // Two updates of warm-up, then a straight line from 1e-3 to a tenth over ten updates.
        Rates(recipe, 0, 1, 2, 7, 12).Should().Equal([5e-4, 1e-3, 1e-3, 5.5e-4, 1e-4], (actual, expected) => Math.Abs(actual - expected) < 1e-12);
    }

    [Fact]
    public void A_report_shows_paths_as_they_were_written()
    {
        var settings = Read("""{ "model": "../base", "output": "out", "data": { "train": [{ "file": "rows/a.jsonl" }, { "file": "b-*.parquet" }], "heldOut": { "file": "c.jsonl" } } }""");
        var shown = ShownSettings.Of(settings).ToDictionary();
        (shown["model"], shown["rows"]).Should().Be(("../base", "rows/a.jsonl, b-*.parquet"));
        shown.Values.Should().NotContain(value => value.Contains(_folder));
        settings.Model.Should().Be(Path.GetFullPath(Path.Combine(_folder, "..", "base")), "what is opened is the whole path");
    }

    [Fact]
    public void A_source_is_opened_once_and_several_files_of_a_name_are_one()
    {
        foreach (var i in new[] { 1, 2 }) File.WriteAllText(Path.Combine(_folder, $"part-{i}.jsonl"), $$"""{"id": {{i}}, "images": [], "problem": "?", "answer": "x"}""");
        var settings = Read("""{ "model": "m", "output": "o", "data": { "train": [{ "file": "part-*.jsonl", "name": "parts" }, { "file": "part-1.jsonl", "columns": { "answer": "solution" } }] } }""");
        using var rows = new Rows(settings, QwenPromptEncoder.Load(Path.Combine(Assets.Repository, "samples", "assets", "tiny-base")));
        var parts = rows.Open(settings.Data.Train[0]);
        rows.Open(settings.Data.Train[0]).Should().BeSameAs(parts);
        Enumerable.Range(0, parts.Blocks.Count).SelectMany(parts.Read).Select(row => (row.Id, row.Source)).Should().Equal(("1", "parts"), ("2", "parts"));
        // The second source reads the same file in its own way, and an error names the key where that is written.
        rows.Open(settings.Data.Train[1]).Invoking(source => source.Read(0)[0]).Should().Throw<InvalidDataException>()
            .WithMessage("*part-1.jsonl:1 (id '1'): expected a label under \"solution\"*or name its column in data.train[1].columns.");
    }

    [Fact]
    public void A_KL_term_needs_the_neutral_groups_too()
    {
        var settings = Read("""{ "model": "m", "output": "o", "method": "ViSurf", "data": { "train": { "file": "a.jsonl" } }, "training": { "klCoefficient": 0.1 } }""");
        Method.Of(settings, RewardNames.All[settings.Rewards](840)).Should().Match<Recipe>(recipe => recipe.KlCoefficient == 0.1 && !recipe.SkipNeutralGroups);
    }

    [Fact]
    public void A_rollout_is_right_when_it_has_what_a_label_has_unless_the_settings_say_otherwise()
    {   // VisionReasoner's 7 less the point for thinking.
        const string json = """{ "model": "m", "output": "o", "method": "HPT", "data": { "train": { "file": "a.jsonl" } }, "training": { "rightFrom": 3 } }""";
        Method.Of(Read(json), VisionReasonerRewards.Suite()).RightFrom.Should().Be(3);
        Method.Of(Read(json.Replace("\"rightFrom\": 3", "", StringComparison.Ordinal)), VisionReasonerRewards.Suite()).RightFrom.Should().Be(6);
    }

    private static IEnumerable<double> Rates(Recipe recipe, params long[] updates) => updates.Select(update => recipe.Optimizer.LearningRate(update));

    [Fact]
    public void Held_out_rows_that_are_not_there_are_said_and_no_empty_table_is_shown()
    {
        File.WriteAllText(Path.Combine(_folder, "none.jsonl"), "");
        var settings = Read("""{ "model": "m", "output": "o", "data": { "train": [{ "file": "a.jsonl" }], "heldOut": { "file": "none.jsonl" } } }""");
        using var rows = new Rows(settings, QwenPromptEncoder.Load(Path.Combine(Assets.Repository, "samples", "assets", "tiny-base")));
        rows.Invoking(r => r.HeldOut()).Should().Throw<InvalidDataException>().WithMessage("Expected rows to evaluate on in data.heldOut, found none in '*none.jsonl'.");
    }

    private FineTuneSettings Read(string json)
    {
        var path = Path.Combine(_folder, "settings.json");
        File.WriteAllText(path, json);
        return SettingsFile.Read(path);
    }
}
