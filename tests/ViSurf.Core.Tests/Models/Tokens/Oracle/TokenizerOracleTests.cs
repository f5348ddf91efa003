using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using FluentAssertions;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.Tokens.Oracle;

/// <summary>
/// Ids against Hugging Face's own library, on random files and texts. A failure names its seed; <c>VISURF_SEED</c> repeats it.
/// </summary>
public sealed class TokenizerOracleTests : IDisposable
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(1);
    private readonly TemporaryDirectory _folder = new();
    private readonly int _seed = int.TryParse(Environment.GetEnvironmentVariable("VISURF_SEED"), out var seed) ? seed
        : Environment.TickCount;

    [Fact]
    public void Random_patterns_options_and_added_tokens_give_the_references_ids()
    {
        var random = new Random(_seed);
        var (made, read) = (new RandomTokenizer(random), 0);
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < Time || read == 0;)
        {
            var json = made.Next();
            File.WriteAllText(_folder.File("tokenizer.json"), json.ToJsonString());
            using var tokenizer = OracleTokenizer.Load(_folder.Path);
            if (tokenizer is null) continue;
            read++;
            for (var i = 0; i < 12; i++)
                Same(tokenizer, RandomText.Next(random, 12, json["added_tokens"]!.AsArray().Count > 0 ? RandomTokenizer.Added : []), json);
        }
    }

    [Fact]
    public void Random_texts_give_the_references_ids_with_every_tokenizer_at_hand()
    {
        var random = new Random(_seed);
        var files = new[] { Fixtures.Root, Cases.Root }
            .SelectMany(root => Directory.GetFiles(root, "tokenizer.json", SearchOption.AllDirectories))
            .DistinctBy(file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))).ToArray();
        files.Should().NotBeEmpty();
        foreach (var file in files)
        {
            var json = JsonNode.Parse(File.ReadAllBytes(file))!.AsObject();
            File.WriteAllText(_folder.File("tokenizer.json"), json.ToJsonString());
            using var tokenizer = OracleTokenizer.Load(_folder.Path)!;
            json.Remove("model");
            string[] added = [.. json["added_tokens"]!.AsArray().Select(t => t!["content"]!.GetValue<string>())];
            for (var clock = Stopwatch.StartNew(); clock.Elapsed < Time / files.Length;)
            {
                Same(tokenizer, RandomText.Next(random, 20, random.Next(3) == 0 ? added : []), json);
                Same(tokenizer, RandomText.Word(random), json);
            }
        }
    }

    public void Dispose() => _folder.Dispose();

    private void Same(OracleTokenizer tokenizer, string text, JsonObject json)
        => tokenizer.Ours.Encode(text).Should().Equal(
            tokenizer.Reference(text), "seed {0} made the text {1} for {2} {3} {4}", _seed, JsonSerializer.Serialize(text),
            json["normalizer"]?.ToJsonString(), json["pre_tokenizer"]!.ToJsonString(), json["added_tokens"]!.ToJsonString());
}
