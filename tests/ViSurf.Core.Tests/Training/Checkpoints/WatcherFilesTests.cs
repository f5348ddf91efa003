using FluentAssertions;
using ViSurf.Core.Reporting;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training.Checkpoints;
using Xunit;

namespace ViSurf.Core.Tests.Training.Checkpoints;

/// <summary>
/// What a watcher remembers is read as any file: a broken one is refused by name, in words, and the watcher stays as it was.
/// </summary>
public sealed class WatcherFilesTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [Theory]
    [InlineData("""{"format": "ViSurf.Core report 1", "started": []}""", "*something else at '$.started'*")]
    [InlineData("""{"format": "ViSurf.Core report 1"}""", "*something else at '$'*")]
    [InlineData("""{"format": "\ud800"}""", "*half of a surrogate pair*")]
    [InlineData("""{"format": 7}""", "*in the format 'ViSurf.Core report 1', got '7'*")]
    [InlineData("""{"format": """, "*Expected JSON in*")]
    [InlineData("""{"format": "a", "format": "b"}""", "*Expected JSON in*'format'*")]
    public void A_broken_record_is_refused_by_its_name_and_place(string json, string message)
    {
        Directory.CreateDirectory(_folder.File("watchers"));
        File.WriteAllText(Path.Combine(_folder.File("watchers"), "report.json"), json);
        FluentActions.Invoking(() => WatcherFiles.Restore(_folder.Path, new HtmlReport(_folder.File("report.html")).AsPart())).Should()
            .Throw<InvalidDataException>()
            .WithMessage(message).Which.Message.Should()
            .Contain("report").And.NotContainAny("could not be converted", "System.", "SavedRecord");
    }

    public void Dispose() => _folder.Dispose();
}
