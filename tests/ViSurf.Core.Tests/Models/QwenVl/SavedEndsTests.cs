using System.Text.Json.Nodes;
using FluentAssertions;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>
/// What a policy stops at is what the saved directory says (modelscope/ms-swift#3113): transformers and vLLM go by generation_config.json.
/// </summary>
public sealed class SavedEndsTests
{
    private const string Generation = "generation_config.json";
    private const int TurnEnd = 1502, Text = 1500;

    public static TheoryData<string> Folders => [.. Cases.Of("38-")];

    [Theory, MemberData(nameof(Folders))]
    public void The_saved_file_names_the_end_of_the_turn_beside_the_models_own_and_keeps_the_rest(string folder)
    {
        var given = JsonNode.Parse(File.ReadAllText(Cases.PathOf(folder, Generation)))!.AsObject();
        var saved = Saved(File.ReadAllText(Cases.PathOf(folder, Generation)))!;
        saved["eos_token_id"]!.AsArray().Select(n => n!.GetValue<int>()).Should().BeEquivalentTo([TurnEnd,
            .. given["eos_token_id"] is JsonArray list ? list.Select(n => n!.GetValue<int>()) : [given["eos_token_id"]!.GetValue<int>()]]);
        given.Remove("eos_token_id");
        saved.Remove("eos_token_id");
        JsonNode.DeepEquals(saved, given).Should().BeTrue();
    }

    [Theory]
    [InlineData("""{"eos_token_id":[1500,7],"top_p":0.8}""", """{"eos_token_id":[1502,1500,7],"top_p":0.8}""")]
    [InlineData("""{"eos_token_id":null}""", """{"eos_token_id":[1502]}""")]
    [InlineData("""{}""", """{"eos_token_id":[1502]}""")]
    [InlineData("""{"eos_token_id":[1500,1502]}""", """{"eos_token_id":[1500,1502]}""")]
    [InlineData("""{"eos_token_id":1502}""", """{"eos_token_id":1502}""")]
    public void One_list_holds_every_end(string given, string expected)
        => JsonNode.DeepEquals(Saved(given), JsonNode.Parse(expected)).Should().BeTrue();

    [Theory]
    [InlineData(TurnEnd, null)]
    [InlineData(Text, """{"bos_token_id":1500,"pad_token_id":1500,"eos_token_id":[1502,1500]}""")]
    public void Without_the_file_config_json_says_where_answers_end_and_a_file_is_made_where_it_does_not_know_all(int eos, string? expected)
        => JsonNode.DeepEquals(Saved(null, eos), expected is null ? null : JsonNode.Parse(expected)).Should().BeTrue();

    [Fact]
    public void Ends_that_only_the_sampler_knew_are_named_too_and_a_file_that_nobody_can_read_stays_as_it_is()
    {
        JsonNode.DeepEquals(Saved("""{"eos_token_id":1500}""", options: new SaveOptions { StopIds = [9] }),
            JsonNode.Parse("""{"eos_token_id":[1502,9,1500]}""")).Should().BeTrue();
        Saved("""{"eos_token_id":"none","a":1}""")!["a"]!.GetValue<int>().Should().Be(1);
    }

    [Fact]
    public void Files_with_a_byte_order_mark_load_and_are_saved_too()
    {
        using var checkpoint = Copy("""{"eos_token_id":1500}""", Text);
        foreach (var name in new[] { "config.json", Generation })
            File.WriteAllBytes(checkpoint.File(name), [0xEF, 0xBB, 0xBF, .. File.ReadAllBytes(checkpoint.File(name))]);
        using var policy = QwenVlPolicy.Load(checkpoint.Path, TestDevice.Value);
        policy.Save(checkpoint.File("saved"), new SaveOptions { Type = TorchSharp.torch.ScalarType.BFloat16 });
        using var again = QwenVlPolicy.Load(checkpoint.File("saved"), TestDevice.Value);
        QwenPromptEncoder.Load(checkpoint.File("saved")).StopIds.Should().BeEquivalentTo([TurnEnd, Text]);
    }

    [Fact]
    public void Sampling_stops_where_the_directory_says_also_when_only_config_json_does()
    {
        using var checkpoint = Copy(null, Text);
        QwenPromptEncoder.Load(checkpoint.Path).StopIds.Should().Equal(TurnEnd, Text);
    }

    /// <summary>What a save writes for a directory with this file, or without one.</summary>
    private static JsonObject? Saved(string? generation, int? configEos = null, SaveOptions? options = null)
    {
        using var checkpoint = Copy(generation, configEos);
        using var folder = new TemporaryDirectory();
        using (var policy = QwenVlPolicy.Load(checkpoint.Path, TestDevice.Value)) policy.Save(folder.File("saved"), options);
        var path = folder.File("saved/" + Generation);
        if (!File.Exists(path)) return null;
        var written = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        if (written["eos_token_id"] is JsonArray ends)
            QwenPromptEncoder.Load(folder.File("saved")).StopIds.Should().BeEquivalentTo(ends.Select(n => n!.GetValue<int>()));
        return written;
    }

    private static TemporaryDirectory Copy(string? generation, int? configEos)
    {
        var checkpoint = TemporaryDirectory.CopyOf("qwen2_5_vl");
        Replace(Generation, generation);
        if (configEos is { } eos)
        {
            var config = JsonNode.Parse(File.ReadAllText(checkpoint.File("config.json")))!.AsObject();
            var part = config["text_config"]?.AsObject() ?? config;
            (part["eos_token_id"], part["bos_token_id"], part["pad_token_id"]) = (eos, Text, Text);
            Replace("config.json", config.ToJsonString());
        }
        return checkpoint;

        void Replace(string name, string? content)
        {
            File.Delete(checkpoint.File(name));
            if (content is not null) File.WriteAllText(checkpoint.File(name), content);
        }
    }
}
